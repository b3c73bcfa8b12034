// bindings/array_views.hpp — NumPy arrays and Eigen's, the same memory on both sides.
//
// Arguments are taken with .noconvert(): an array of another type or layout is a TypeError, never a
// silent copy; the Python side makes it fit with numpy.ascontiguousarray, which copies nothing that
// fits already. Results are moved into the array, which keeps them by a capsule.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <Eigen/Core>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

namespace landfall::binding {

template <typename T>
using NumPy = pybind11::array_t<T, pybind11::array::c_style>;
using Doubles = NumPy<double>;
using MatrixView =
    Eigen::Map<const Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// A series of any element type, shape (n); ValueError with the name otherwise.
template <typename T>
Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>> series(const NumPy<T>& array,
                                                            const char* name) {
    if (array.ndim() != 1) {
        throw pybind11::value_error(std::string(name) + " must have one dimension");
    }
    return {array.data(), array.size()};
}

/// The same, empty where there is none.
inline Eigen::Map<const Eigen::ArrayXd> series(const std::optional<Doubles>& array,
                                               const char* name) {
    if (!array) return {nullptr, 0};
    return series(*array, name);
}

/// A matrix, row after row; ValueError with the name otherwise.
inline MatrixView matrix(const Doubles& array, const char* name) {
    if (array.ndim() != 2) {
        throw pybind11::value_error(std::string(name) + " must have two dimensions");
    }
    return {array.data(), array.shape(0), array.shape(1)};
}

/// What was computed as an array of NumPy, shape (n) of an array and (rows, columns) of a matrix
/// that is kept row after row.
template <typename Plain>
NumPy<typename Plain::Scalar> owned(Plain&& values) {
    static_assert(!std::is_lvalue_reference_v<Plain>, "results are moved");
    auto kept = std::make_unique<Plain>(std::forward<Plain>(values));
    const auto* data = kept->data();
    const pybind11::ssize_t rows = kept->rows();
    const pybind11::ssize_t columns = kept->cols();
    const pybind11::capsule owner(kept.release(),
                                  [](void* all) { delete static_cast<Plain*>(all); });
    using Array = NumPy<typename Plain::Scalar>;
    if constexpr (Plain::ColsAtCompileTime == 1) {
        return Array(rows, data, owner);
    } else {
        static_assert(Plain::IsRowMajor, "row after row");
        return Array({rows, columns}, data, owner);
    }
}

}  // namespace landfall::binding
