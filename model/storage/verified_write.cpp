// model/storage/verified_write.cpp — see verified_write.hpp.
#include "model/storage/verified_write.hpp"

#include <algorithm>

#include "model/base/mutant.hpp"

namespace landfall {

bool write_verified(StableStore& store, std::string_view name, std::uint64_t offset,
                    std::span<const std::byte> bytes) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        store.write(name, offset, bytes);
        if (mutant(Mutant::IgnoreShortWrite)) return true;
        if (std::ranges::equal(store.read(name, offset, bytes.size()), bytes)) return true;
    }
    return false;
}

}  // namespace landfall
