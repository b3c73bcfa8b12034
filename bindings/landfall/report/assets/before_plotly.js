// Plotly's bundle puts the style of its maps into the page as it loads. No map is drawn here, and the
// policy would refuse it with an error: style elements that say something are left out until it is there.
(function () {
  "use strict";
  var head = document.head, append = head.appendChild;
  head.appendChild = function (node) {
    return node.tagName === "STYLE" && node.textContent ? node : append.call(head, node);
  };
})();
