// tests/unit/journal_corpus_test.cpp — the fuzzer's corpus without the fuzzer: every file of it
// runs, and the files that are made here are still what they were.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gtest/gtest.h>

#include "tests/fuzz/journal_fuzz.hpp"
#include "tests/support/journal_records.hpp"

namespace landfall {
namespace {

using Content = std::vector<std::byte>;

const std::filesystem::path kFolder = LANDFALL_SOURCE_DIR "/tests/fuzz/corpus/journal";

Content with_mode(char mode, std::span<const std::byte> rest) {
    Content out{static_cast<std::byte>(mode)};
    out.insert(out.end(), rest.begin(), rest.end());
    return out;
}

Content records(std::uint64_t count) {
    kernel::RandomStream random(1, "corpus", "records");
    Content out;
    for (std::uint64_t k = 1; k <= count; ++k) {
        const auto record = test::random_record(random, 5, k, 4);
        append_record(out, record.header, record.stamps);
    }
    return out;
}

/// A journal of `count` records, of which a consumer has committed some.
CrashableStore journal_of(std::uint64_t count, bool trim) {
    CrashableStore store;
    kernel::RandomStream random(2, "corpus", "journal");
    Journal journal = Journal::create(store, "j", 5, test::kFuzzJournal);
    (void)journal.register_consumer("a");
    for (std::uint64_t k = 1; k <= count; ++k) {
        const auto record = test::random_record(random, 5, k, 4);
        (void)journal.append(record.header, record.stamps);
    }
    (void)journal.flush();
    (void)journal.commit("a", count / 2);
    if (trim) (void)journal.trim();
    return store;
}

Content objects(const CrashableStore& store) {
    Content out;
    LittleWriter writer(out);
    for (std::uint8_t which = 0; which < 16; ++which) {
        const std::string name = test::fuzz_object(which);
        if (!store.exists(name)) continue;
        const Content content = store.read(name, 0, store.size(name));
        writer.put(which).put(static_cast<std::uint16_t>(content.size())).put_bytes(content);
    }
    return out;
}

void add_journals(std::map<std::string, Content>& files) {
    const auto add = [&](const std::string& name, const CrashableStore& store) {
        files["journal-" + name] = with_mode('O', objects(store));
        files["journal-" + name + "-put-right"] = with_mode('o', objects(store));
    };
    add("empty", journal_of(0, false));
    add("one-segment", journal_of(3, false));
    add("chain", journal_of(14, false));
    add("trimmed", journal_of(14, true));
    CrashableStore store = journal_of(14, false);
    store.flip_bit(test::fuzz_object(3), 8 * 200);
    add("rotten-segment", store);
    store = journal_of(14, false);
    store.remove(test::fuzz_object(3));
    add("missing-segment", store);
    store = journal_of(14, false);
    store.flip_bit(test::fuzz_object(1), 80);
    add("rotten-superblock", store);
    store = journal_of(3, false);
    Content tail = records(4);
    tail[70] ^= std::byte{1};
    const std::string last = store.list("j/segment").back();
    store.write(last, store.size(last), tail);
    add("torn-tail", store);
}

/// What the corpus begins with, by file name.
std::map<std::string, Content> made_files() {
    std::map<std::string, Content> files;
    const Content good = records(6);
    Content bad_header = good;
    bad_header[70] ^= std::byte{1};
    Content bad_payload = good;
    bad_payload[good.size() - 1] ^= std::byte{1};
    files["records-none"] = with_mode('R', {});
    files["records-good"] = with_mode('R', good);
    files["records-put-right"] = with_mode('r', good);
    files["records-truncated"] = with_mode('R', std::span(good).first(good.size() - 5));
    files["records-bad-header"] = with_mode('R', bad_header);
    files["records-bad-header-put-right"] = with_mode('r', bad_header);
    files["records-bad-payload"] = with_mode('R', bad_payload);
    files["records-zeros"] = with_mode('R', Content(100));

    const Content open = encode_envelope(good, {});
    const Content keyed = encode_envelope(good, test::kFuzzKey);
    Content bad_coding = open;
    bad_coding[30] ^= std::byte{0x10};
    files["envelope-empty"] = with_mode('E', encode_envelope({}, {}));
    files["envelope-open"] = with_mode('E', open);
    files["envelope-keyed"] = with_mode('E', keyed);
    files["envelope-put-right"] = with_mode('e', open);
    files["envelope-truncated"] = with_mode('E', std::span(open).first(open.size() - 5));
    files["envelope-bad-coding-put-right"] = with_mode('e', bad_coding);
    files["envelope-of-zeros"] = with_mode('E', encode_envelope(Content(5000), {}));
    add_journals(files);
    return files;
}

Content content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

std::vector<std::filesystem::path> corpus() {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(kFolder))
        paths.push_back(entry.path());
    std::ranges::sort(paths);
    return paths;
}

TEST(JournalCorpus, RunsThroughWithoutAViolation) {
    const auto paths = corpus();
    EXPECT_GE(paths.size(), 30U);
    for (const auto& path : paths) EXPECT_NO_THROW(test::fuzz(content_of(path))) << path;
}

TEST(JournalCorpus, HoldsWhatIsMadeHere) {
    // The files pin the formats too. With this variable set they are written instead.
    const bool write = std::getenv("LANDFALL_WRITE_CORPUS") != nullptr;
    for (const auto& [name, content] : made_files()) {
        if (write) {
            std::ofstream file(kFolder / name, std::ios::binary);
            for (const std::byte b : content) file.put(static_cast<char>(b));
        } else {
            EXPECT_EQ(content_of(kFolder / name), content) << name;
        }
    }
}

TEST(JournalCorpus, StaysSoundWithAnyByteOfItChanged) {
    kernel::RandomStream random(3, "corpus", "change");
    for (const auto& path : corpus()) {
        const Content good = content_of(path);
        for (std::size_t at = 1; at < good.size(); at += 1 + random.below(12)) {
            Content changed = good;
            changed[at] ^= static_cast<std::byte>(1 + random.below(255));
            ASSERT_NO_THROW(test::fuzz(changed)) << path << " " << at;
        }
    }
}

}  // namespace
}  // namespace landfall
