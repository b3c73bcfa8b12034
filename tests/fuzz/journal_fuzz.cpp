// tests/fuzz/journal_fuzz.cpp — gives what libFuzzer invents to the readers of stored and sent
// bytes. Build with clang's -fsanitize=fuzzer,address,undefined; start with corpus/journal.
#include "tests/fuzz/journal_fuzz.hpp"

// The name is libFuzzer's.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    landfall::test::fuzz(std::as_bytes(std::span(data, size)));
    return 0;
}
// NOLINTEND(readability-identifier-naming)
