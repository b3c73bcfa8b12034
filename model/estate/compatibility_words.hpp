// model/estate/compatibility_words.hpp — words for facts and limits. For the rules only.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "model/estate/machine_facts.hpp"

namespace landfall {

/// As documents write it: whole GiB where it is.
inline std::string in_words(Bytes size) {
    constexpr std::int64_t kGib = std::int64_t{1} << 30;
    if (size.count() % kGib == 0) return std::to_string(size.count() / kGib) + " GiB";
    return std::to_string(size.count()) + " bytes";
}

template <std::size_t kCount, typename Choice>
constexpr std::string_view nth_word(const std::array<std::string_view, kCount>& words,
                                    Choice choice) {
    return words[static_cast<std::size_t>(choice)];
}

constexpr std::string_view name_of(Architecture architecture) {
    return nth_word(std::array<std::string_view, 3>{"x64", "x86", "arm64"}, architecture);
}
constexpr std::string_view name_of(DiskFormat format) {
    return nth_word(std::array<std::string_view, 5>{"native", "vhd", "vhdx", "vmdk", "raw"},
                    format);
}
constexpr std::string_view name_of(DiskEncryption encryption) {
    return nth_word(std::array<std::string_view, 4>{"none", "bitlocker", "other", "azure-disk"},
                    encryption);
}
constexpr std::string_view name_of(DiskAttachment attachment) {
    return nth_word(std::array<std::string_view, 3>{"virtual", "pass-through", "fibre-channel"},
                    attachment);
}
constexpr std::string_view name_of(AzureDiskKind kind) {
    return nth_word(std::array<std::string_view, 3>{"managed", "ultra", "nvme"}, kind);
}

inline bool keeps_on(const MachineFacts& machine, GuestStorage storage) {
    return std::find(machine.storage.begin(), machine.storage.end(), storage) !=
           machine.storage.end();
}

}  // namespace landfall
