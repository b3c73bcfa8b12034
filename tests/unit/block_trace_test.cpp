// tests/unit/block_trace_test.cpp — block traces: what is replayed, what is refused, in which
// words.
#include "sim/workload/block_trace.hpp"

#include <array>
#include <cstdint>
#include <fstream>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch_folder.hpp"
#include "tests/support/shared_data.hpp"

namespace landfall::workload {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Fault = BlockTraceFault;
using Format = BlockTraceFormat;

constexpr DiskGeometry kSmall = {1000, Bytes(512)};
const std::string kPng("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xDE",
                       33);

std::string gzip(const std::string& text) {
    namespace io = boost::iostreams;
    io::filtering_streambuf<io::input> packed;
    packed.push(io::gzip_compressor());
    std::istringstream plain(text);
    packed.push(plain);
    std::ostringstream result;
    io::copy(packed, result);
    return result.str();
}

std::string little_endian(std::uint64_t value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(value & 0xFF);
    return text;
}

std::string vscsi(std::uint64_t time_us, std::uint64_t lbn, std::uint64_t length,
                  std::uint64_t operation = 0x2A, std::uint64_t version = 0x0100) {
    return little_endian(1, 4) + little_endian(length, 4) + little_endian(1, 4) +
           little_endian(operation, 2) + little_endian(version, 2) + little_endian(lbn, 8) +
           little_endian(time_us, 8);
}

/// A write as "12.5ms 3+2", a discard with a "d" behind.
std::string told(const BlockWrite& write) {
    std::ostringstream text;
    text << static_cast<double>(write.at.since_start().count()) / 1e6 << "ms " << write.range.first
         << "+" << write.range.count << (write.kind == WriteKind::Discard ? "d" : "");
    return text.str();
}

class BlockTrace : public ::testing::Test {
  protected:
    std::string file(const std::string& content) {
        std::ofstream(folder_.file("trace"), std::ios::binary) << content;
        return folder_.file("trace");
    }

    BlockTraceOptions options(Format format) {
        BlockTraceOptions options;
        options.format = format;
        return options;
    }

    std::vector<std::string> replay(const std::string& content, const BlockTraceOptions& options,
                                    const DiskGeometry& disk = kSmall) {
        std::vector<std::string> writes;
        const auto source = open_block_trace(file(content), options, disk);
        for (auto write = source->next(); write; write = source->next()) {
            writes.push_back(told(*write));
        }
        EXPECT_EQ(source->next(), std::nullopt);
        return writes;
    }
    std::vector<std::string> replay(const std::string& content, Format format,
                                    const DiskGeometry& disk = kSmall) {
        return replay(content, options(format), disk);
    }

    /// The problem of a trace, found alike by the check and by the source.
    BlockTraceProblem problem(const std::string& content, const BlockTraceOptions& options,
                              const DiskGeometry& disk = kSmall) {
        const std::string name = file(content);
        const BlockTraceSummary summary = check_block_trace(name, options, disk);
        if (!summary.problem) {
            ADD_FAILURE() << "no problem found";
            return {};
        }
        EXPECT_THAT(summary.problem->message, StartsWith(name));
        try {
            const auto source = open_block_trace(name, options, disk);
            while (source->next()) {
            }
            ADD_FAILURE() << "replayed to the end";
        } catch (const BlockTraceError& error) {
            EXPECT_EQ(error.what(), summary.problem->message);
        }
        return *summary.problem;
    }
    BlockTraceProblem problem(const std::string& content, Format format) {
        return problem(content, options(format));
    }

    landfall::testing::ScratchFolder folder_;
};

using Told = std::vector<std::string>;

TEST_F(BlockTrace, ReplaysVscsiRecords) {
    const std::string content = vscsi(5'000'000, 10, 512, 0x28) + vscsi(5'001'500, 20, 1024) +
                                vscsi(5'002'000, 30, 513, 0x8A) + vscsi(5'003'000, 0, 0, 0x35) +
                                vscsi(5'003'000, 7, 512, 0x42);
    // Time 0 is the first record, a read; 513 bytes cover two sectors.
    const Told writes = {"1.5ms 20+2", "2ms 30+2"};
    EXPECT_EQ(replay(content, Format::VscsiBinary), writes);
    EXPECT_EQ(replay(gzip(content), Format::VscsiBinary), writes);
    const auto summary = check_block_trace(file(content), options(Format::VscsiBinary), kSmall);
    EXPECT_EQ(summary.records, 5U);
    EXPECT_EQ(summary.reads, 1U);
    EXPECT_EQ(summary.writes, 2U);
    EXPECT_EQ(summary.left_out, 1U);
    EXPECT_EQ(summary.written, Bytes(1537));
    EXPECT_EQ(summary.end_byte, 30U * 512 + 513);
    EXPECT_EQ(summary.length, nanoseconds(3'000'000));
}

TEST_F(BlockTrace, ReplaysVscsiCsv) {
    const std::string rows =
        "1,5633898,2a,512,10\n1,5633898.25,28,512,11\r\n1,5633899,2A,1024,12\n";
    const Told writes = {"0ms 10+1", "1000ms 12+2"};
    EXPECT_EQ(replay("version,time,op,size,lbn\n" + rows, Format::VscsiCsv), writes);
    EXPECT_EQ(replay("\xEF\xBB\xBFVersion,Time,Op,Size,LBN\r\n" + rows + "\n\n", Format::VscsiCsv),
              writes);
    EXPECT_EQ(replay(rows, Format::VscsiCsv), writes);
    EXPECT_EQ(replay(gzip(rows), Format::VscsiCsv), writes);
}

TEST_F(BlockTrace, ReplaysMsrCsv) {
    const std::string content =
        "128166372003061629,hm,1,Read,383496192,32768,7477\n"
        "128166372003071629,hm,1,Write,4096,512,100\n"
        "128166372013061629,hm,1,write,5000,4096,100\n";
    EXPECT_EQ(replay(content, Format::MsrCsv), (Told{"1ms 8+1", "1000ms 9+9"}));
    EXPECT_EQ(replay(content, Format::MsrCsv, {125, Bytes(4096)}), (Told{"1ms 1+1", "1000ms 1+2"}));
}

TEST_F(BlockTrace, ReplaysOneDiskOfSeveral) {
    const std::string msr =
        "100000,hm,0,Write,0,512,1\n100100,hm,1,Write,512,512,1\n100200,src,1,Write,1024,512,1\n";
    BlockTraceOptions chosen = options(Format::MsrCsv);
    chosen.disk = "1";
    chosen.host = "hm";
    EXPECT_EQ(replay(msr, chosen), (Told{"0ms 1+1"}));
    chosen.host = "src";
    EXPECT_EQ(replay(msr, chosen), (Told{"0ms 2+1"}));
    chosen.host.reset();
    EXPECT_EQ(problem(msr, chosen).fault, Fault::SeveralDisks);

    const std::string alibaba =
        "419,W,4096,8192,1577808000000046\n725,R,0,512,1577808000000050\n"
        "725,W,512,512,1577808000001050\n";
    const auto several = problem(alibaba, Format::AlibabaCsv);
    EXPECT_EQ(several.fault, Fault::SeveralDisks);
    EXPECT_THAT(several.message, HasSubstr("line 2"));
    EXPECT_THAT(several.message, HasSubstr("the first being '419'"));
    BlockTraceOptions device = options(Format::AlibabaCsv);
    device.disk = "725";
    EXPECT_EQ(replay(alibaba, device), (Told{"1ms 1+1"}));
    device.origin = 1577808000000046;
    EXPECT_EQ(replay(alibaba, device), (Told{"1.004ms 1+1"}));
    device.disk = "7";
    const auto none = problem(alibaba, device);
    EXPECT_EQ(none.fault, Fault::Empty);
    EXPECT_THAT(none.message, HasSubstr("of 7"));
    EXPECT_THAT(none.message, HasSubstr("it has 419, 725"));
}

const char* const kBlktrace =
    "Input file sda.blktrace.0 added\n"
    "  8,0    3        1     0.000000000   697  Q   R 8 + 8 [kjournald]\n"
    "  8,0    3        2     0.000001829   697  G   W 16 + 8 [kjournald]\n"
    "  8,0    3        3     0.500000000   697  Q  WS 16 + 8 [my process]\n"
    "  8,0    3        0     0.500000100     0  m   N cfq697 insert_request\n"
    "  8,0    3        4     0.600000000   697  Q   D 32 + 64 [fstrim]\n"
    "  8,0    3        5     0.600000100   697  Q FWS [jbd2/sda1-8]\n"
    "  8,0    3        6     0.600000200   697 UT   N [kblockd/1] 1\n"
    "  8,0    3        7     0.700000000   697  C  WS 16 + 8 [0]\n"
    "  8,0    3        8     0.800000000   697  C   W 24 + 8 [-5]\n"
    "  8,0    3        9     0.900000000   697  A   W 40 + 8 <- (8,1) 10\n"
    "\n"
    "CPU3 (8,0):\n"
    " Reads Queued:           1,        4KiB\t Writes Queued:           1,        4KiB\n"
    "Total (8,0):\n"
    "Throughput (R/W): 0KiB/s / 0KiB/s\n";

TEST_F(BlockTrace, ReplaysOneActionOfBlktrace) {
    EXPECT_EQ(replay(kBlktrace, Format::Blktrace), (Told{"500ms 16+8", "600ms 32+64d"}));
    BlockTraceOptions completed = options(Format::Blktrace);
    completed.action = 'C';
    EXPECT_EQ(replay(kBlktrace, completed), (Told{"0ms 16+8"}));  // the other one failed
    completed.action = 'X';
    const auto none = problem(kBlktrace, completed);
    EXPECT_EQ(none.fault, Fault::Empty);
    EXPECT_THAT(none.message, HasSubstr("action X"));
}

TEST_F(BlockTrace, SortsWithinTheTolerance) {
    // Times 2, 1.5, 1.2, 3.1 s; the second read comes before the first write and is time 0.
    const std::string content = vscsi(2'000'000, 1, 512) + vscsi(1'500'000, 2, 512, 0x28) +
                                vscsi(2'000'000, 3, 512) + vscsi(1'700'000, 4, 512) +
                                vscsi(3'100'000, 5, 512);
    BlockTraceOptions one = options(Format::VscsiBinary);
    EXPECT_EQ(replay(content, one), (Told{"200ms 4+1", "500ms 1+1", "500ms 3+1", "1600ms 5+1"}));
    EXPECT_EQ(check_block_trace(file(content), one, kSmall).sorted, 2U);
    one.unordered_within = nanoseconds(499'999'999);
    const auto back = problem(content, one);
    EXPECT_EQ(back.fault, Fault::OutOfOrder);
    EXPECT_EQ(back.place, 2U);
    EXPECT_THAT(back.message, HasSubstr("allowed is 0.499999999 s"));
    one.unordered_within = Duration(0);
    EXPECT_EQ(replay(vscsi(1, 1, 512) + vscsi(1, 2, 512) + vscsi(2, 0, 512), one),
              (Told{"0ms 1+1", "0ms 2+1", "0.001ms 0+1"}));
}

TEST_F(BlockTrace, KeepsTheOrderOfTheFileAtEqualTimes) {
    std::string content;
    Told expected;
    for (std::uint64_t i = 0; i < 500; ++i) {
        content += vscsi(1'000'000, (i * 7) % 500, 512);
        expected.push_back("0ms " + std::to_string((i * 7) % 500) + "+1");
    }
    EXPECT_EQ(replay(content, Format::VscsiBinary), expected);
}

TEST_F(BlockTrace, StartsWhereTheOriginSays) {
    const std::string content = vscsi(1'000, 1, 512) + vscsi(2'000, 2, 512) + vscsi(3'000, 3, 512);
    BlockTraceOptions later = options(Format::VscsiBinary);
    later.origin = 1'500;
    EXPECT_EQ(replay(content, later), (Told{"0.5ms 2+1", "1.5ms 3+1"}));
    later.origin = 3'001;
    EXPECT_EQ(problem(content, later).fault, Fault::Empty);
}

TEST_F(BlockTrace, RefusesOrWrapsWhatLiesBeyondTheDisk) {
    const std::string content = vscsi(0, 998, 1024) + vscsi(1'000, 999, 1536);
    const auto beyond = problem(content, Format::VscsiBinary);
    EXPECT_EQ(beyond.fault, Fault::OutOfDisk);
    EXPECT_EQ(beyond.place, 2U);
    EXPECT_THAT(beyond.message, HasSubstr("1000 sectors of 512 bytes"));
    EXPECT_THAT(beyond.message, HasSubstr("record 2"));
    BlockTraceOptions wrap = options(Format::VscsiBinary);
    wrap.beyond = BeyondDisk::Wrap;
    EXPECT_EQ(replay(content, wrap), (Told{"0ms 998+2", "1ms 999+1", "1ms 0+2"}));
    EXPECT_EQ(replay(vscsi(0, 5005, 512) + vscsi(0, 3000, 512 * 1001), wrap),
              (Told{"0ms 5+1", "0ms 0+1000"}));
}

TEST_F(BlockTrace, MovesAddressesByTheFirstByte) {
    BlockTraceOptions moved = options(Format::VscsiBinary);
    moved.first_byte = Bytes(512 * 5000);
    EXPECT_EQ(replay(vscsi(0, 5000, 512) + vscsi(0, 5999, 512), moved),
              (Told{"0ms 0+1", "0ms 999+1"}));
    const auto before = problem(vscsi(0, 4999, 512), moved);
    EXPECT_EQ(before.fault, Fault::OutOfDisk);
    EXPECT_THAT(before.message, HasSubstr("before byte 2560000"));
}

TEST_F(BlockTrace, RoundsOutwardToSectorsOfTheSimulatedDisk) {
    const DiskGeometry disk = {100, Bytes(4096)};
    // LBN 7 is the last eighth of sector 0; 7+2 reaches into sector 1.
    EXPECT_EQ(replay(vscsi(0, 7, 512) + vscsi(0, 7, 1024) + vscsi(0, 8, 4096) + vscsi(0, 8, 4097),
                     Format::VscsiBinary, disk),
              (Told{"0ms 0+1", "0ms 0+2", "0ms 1+1", "0ms 1+2"}));
}

TEST_F(BlockTrace, TellsAForeignFileFromABadRecord) {
    for (const Format format : {Format::VscsiBinary, Format::VscsiCsv, Format::MsrCsv,
                                Format::AlibabaCsv, Format::Blktrace}) {
        for (const std::string& foreign :
             {kPng, std::string("unix_ts,vm1,vm2\n1,2,3\n"), std::string("hello\n"),
              std::string("{\"machines\": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}\n")}) {
            const auto found = problem(foreign, format);
            EXPECT_EQ(found.fault, Fault::WrongFormat) << name_of(format) << found.message;
            EXPECT_EQ(found.place, 1U);
            EXPECT_THAT(found.message, HasSubstr(std::string(name_of(format))));
        }
        EXPECT_EQ(problem("", format).fault, Fault::Empty);
    }
    // One format's file is foreign to every other.
    EXPECT_EQ(problem("419,W,4096,8192,1577808000000046\n", Format::VscsiCsv).fault,
              Fault::WrongFormat);
    EXPECT_EQ(problem("1,5633898,2a,512,10\n", Format::AlibabaCsv).fault, Fault::WrongFormat);
    EXPECT_EQ(problem(vscsi(0, 1, 512, 0x2A, 0x0200), Format::VscsiBinary).fault,
              Fault::WrongFormat);
}

TEST_F(BlockTrace, NamesTheRecordThatIsCutOff) {
    const std::string content = vscsi(0, 1, 512) + vscsi(1, 2, 512);
    for (std::size_t kept = 33; kept < 64; ++kept) {
        const auto cut = problem(content.substr(0, kept), Format::VscsiBinary);
        EXPECT_EQ(cut.fault, Fault::Truncated);
        EXPECT_EQ(cut.place, 2U);
        EXPECT_EQ(cut.found, std::to_string(kept - 32) + " bytes");
    }
    std::string long_one;
    for (std::uint64_t i = 0; i < 500; ++i) long_one += vscsi(i, i * 7919 % 1000, 512);
    const std::string packed = gzip(long_one);
    EXPECT_EQ(problem(packed.substr(0, packed.size() / 2), Format::VscsiBinary).fault,
              Fault::Unreadable);
    EXPECT_EQ(problem(packed.substr(0, packed.size() / 2), Format::VscsiCsv).fault,
              Fault::Unreadable);
}

TEST_F(BlockTrace, NamesLineAndFieldOfWhatDoesNotFit) {
    struct Case {
        Format format;
        std::string good;
        std::string bad;
        const char* field;
        const char* words;
    };
    const std::string scsi = "1,100,2a,512,10\n";
    const std::string msr = "100000,hm,0,Write,0,512,1\n";
    const std::string ali = "1,W,0,512,1000\n";
    const std::string blk = "8,0 1 1 0.1 9 Q W 8 + 8 [p]\n";
    const Case cases[] = {
        {Format::VscsiCsv, scsi, "1,100,2a,0,10\n", "size", "at least one byte"},
        {Format::VscsiCsv, scsi, "1,100,2a,-5,10\n", "size", "not a whole number"},
        {Format::VscsiCsv, scsi, "1,100,2a,99999999999999999999,10\n", "size", "64 bits"},
        {Format::VscsiCsv, scsi, "1,100,2a,512,18446744073709551615\n", "lbn", "64 bits"},
        {Format::VscsiCsv, scsi, "1,100,2a,18446744073709551615,10\n", "size", "1 PiB"},
        {Format::VscsiCsv, scsi, "1,100,2a,1024,36028797018963967\n", "size", "64 bits"},
        {Format::VscsiCsv, scsi, "1,100,zz,512,10\n", "op", "hexadecimal"},
        {Format::VscsiCsv, scsi, "9,100,2a,512,10\n", "version", "1 and 2"},
        {Format::VscsiCsv, scsi, "1,99999999999999,2a,512,10\n", "time", "64 bits"},
        {Format::VscsiCsv, scsi, "1,10000000100,2a,512,10\n", "time", "hundred years"},
        {Format::VscsiCsv, scsi, "1,100.,2a,512,10\n", "time", "1 to 9 digits"},
        {Format::VscsiCsv, scsi, "1,100.1234567891,2a,512,10\n", "time", "1 to 9 digits"},
        {Format::VscsiCsv, scsi, "1,98,2a,512,10\n", "time", "allowed is 1.000000000 s"},
        {Format::VscsiCsv, scsi, "1,100,2a,512\n", "", "4 fields instead of 5"},
        {Format::VscsiCsv, scsi, "1,100,2a,512,10,11\n", "", "6 fields instead of 5"},
        {Format::VscsiCsv, scsi, "version,time,op,size,lbn\n", "version", "not a whole number"},
        {Format::VscsiCsv, scsi, std::string("1,100,2a,5\0,10\n", 15), "", "NUL byte"},
        {Format::MsrCsv, msr, "100001,hm,0,Trim,0,512,1\n", "Type", "neither Read nor Write"},
        {Format::MsrCsv, msr, "100001,hm,x,Write,0,512,1\n", "DiskNumber", "not a whole number"},
        {Format::MsrCsv, msr, "100001,hm,0,Write,0,0,1\n", "size", "at least one byte"},
        {Format::AlibabaCsv, ali, "1,X,0,512,1000\n", "opcode", "neither R nor W"},
        {Format::AlibabaCsv, ali, ",W,0,512,1000\n", "device_id", "no device"},
        {Format::AlibabaCsv, ali, "1,W,0,512,1e3\n", "timestamp", "not a whole number"},
        {Format::Blktrace, blk, "8,0 1 1 0.1 9 Q W 8 - 8 [p]\n", "sector", "sector + count"},
        {Format::Blktrace, blk, "8,0 1 1 0.1 9 Q W 8 + 0 [p]\n", "size", "at least one byte"},
        {Format::Blktrace, blk, "8,0 1 1 0.1 9 Q w 8 + 8 [p]\n", "rwbs", "letters"},
        {Format::Blktrace, blk, "8:0 1 1 0.1 9 Q W 8 + 8 [p]\n", "dev", "such as 8,0"},
        {Format::Blktrace, blk, "8,0 1 1 0.1 9 Q\n", "", "6 words instead of at least 7"},
        {Format::Blktrace, blk, "8,0 1 1 -0.1 9 Q W 8 + 8 [p]\n", "time", "not a whole number"},
    };
    for (const Case& one : cases) {
        const auto found = problem(one.good + one.bad, one.format);
        EXPECT_EQ(found.fault, one.words == std::string("allowed is 1.000000000 s")
                                   ? Fault::OutOfOrder
                                   : Fault::BadField)
            << found.message;
        EXPECT_EQ(found.place, 2U) << found.message;
        EXPECT_EQ(found.field, one.field) << found.message;
        EXPECT_THAT(found.message, HasSubstr("line 2"));
        EXPECT_THAT(found.message, HasSubstr(one.words));
    }
}

TEST_F(BlockTrace, KeepsItsBounds) {
    BlockTraceOptions bounded = options(Format::VscsiCsv);
    bounded.limits.line_bytes = 1000;
    const auto huge = problem("1,100,2a,512,10\n" + std::string(3'000'000, '7'), bounded);
    EXPECT_EQ(huge.fault, Fault::TooLarge);
    EXPECT_EQ(huge.place, 2U);
    EXPECT_THAT(huge.message, HasSubstr("longer than 1000 bytes"));

    BlockTraceOptions few = options(Format::VscsiBinary);
    few.limits.pending_writes = 10;
    std::string content;
    for (int i = 0; i < 11; ++i) content += vscsi(7, 1, 512);
    EXPECT_EQ(problem(content, few).fault, Fault::TooLarge);

    BlockTraceOptions small = options(Format::VscsiBinary);
    small.limits.unpacked_bytes = 100;
    EXPECT_EQ(problem(gzip(content), small).fault, Fault::TooLarge);
    small.format = Format::VscsiCsv;  // a small gzip of ten million blank lines
    EXPECT_EQ(problem(gzip(std::string(10'000'000, '\n')), small).fault, Fault::TooLarge);
}

TEST_F(BlockTrace, CannotReadWhatIsNoFile) {
    for (const Format format : {Format::VscsiBinary, Format::MsrCsv}) {
        for (const std::string& name : {folder_.file("missing"), folder_.file("")}) {
            const auto summary = check_block_trace(name, options(format), kSmall);
            ASSERT_TRUE(summary.problem);
            EXPECT_EQ(summary.problem->fault, Fault::Unreadable);
            EXPECT_THROW(open_block_trace(name, options(format), kSmall), BlockTraceError);
        }
    }
}

TEST_F(BlockTrace, SurvivesEveryPrefixAndEveryFlippedByte) {
    const std::vector<std::pair<Format, std::string>> samples = {
        {Format::VscsiBinary, vscsi(5, 1, 512) + vscsi(6, 2, 512) + vscsi(7, 3, 512)},
        {Format::VscsiCsv, "version,time,op,size,lbn\n1,100,2a,512,10\n1,101,28,512,10\n"},
        {Format::MsrCsv, "100000,hm,0,Write,0,512,1\n100001,hm,0,Read,0,512,1\n"},
        {Format::AlibabaCsv, "1,W,0,512,1000\n1,R,0,512,1001\n"},
        {Format::Blktrace, kBlktrace}};
    for (const auto& [format, sample] : samples) {
        for (const std::string& whole : {sample, gzip(sample)}) {
            for (std::size_t i = 0; i < whole.size(); ++i) {
                // No crash, and either no problem or one with words.
                for (const int flip : {1, 0x80}) {
                    std::string damaged = whole;
                    damaged[i] = static_cast<char>(damaged[i] ^ flip);
                    const auto summary = check_block_trace(file(damaged), options(format), kSmall);
                    EXPECT_TRUE(!summary.problem || !summary.problem->message.empty());
                }
                const auto summary =
                    check_block_trace(file(whole.substr(0, i)), options(format), kSmall);
                EXPECT_TRUE(!summary.problem || !summary.problem->message.empty());
            }
        }
    }
}

TEST_F(BlockTrace, NamesOfFormatsGoBothWays) {
    for (const char* name : {"vscsi-binary", "vscsi-csv", "msr-csv", "alibaba-csv", "blktrace"}) {
        const auto format = block_trace_format(name);
        ASSERT_TRUE(format) << name;
        EXPECT_EQ(name_of(*format), name);
    }
    EXPECT_EQ(block_trace_format("vscsi"), std::nullopt);
}

TEST(CloudPhysicsTrace, HoldsWhatItsDescriptionSaysInBothForms) {
    const auto binary = landfall::testing::shared_data_file("cloudphysics/cloudPhysicsIO.vscsi");
    const auto csv = landfall::testing::shared_data_file("cloudphysics/cloudPhysicsIO.csv");
    if (!binary || !csv) GTEST_SKIP() << "no shared data";
    const DiskGeometry disk = {65'595'583, Bytes(512)};  // the furthest read or write ends here
    BlockTraceOptions options;
    options.unordered_within = Duration(0);  // this one is in order
    const auto summary = check_block_trace(*binary, options, disk);
    ASSERT_FALSE(summary.problem) << summary.problem->message;
    EXPECT_EQ(summary.records, 113'872U);
    EXPECT_EQ(summary.writes, 66'898U);
    EXPECT_EQ(summary.reads, 46'974U);
    EXPECT_EQ(summary.sorted, 0U);
    EXPECT_EQ(summary.written, Bytes(2'408'565'760));
    EXPECT_EQ(summary.length.count() / kNanosecondsPerSecond, 7200);

    BlockTraceOptions text;
    text.format = Format::VscsiCsv;
    const auto a = open_block_trace(*binary, options, disk);
    const auto b = open_block_trace(*csv, text, disk);
    for (auto write = a->next(); write; write = a->next()) {
        const auto other = b->next();
        ASSERT_TRUE(other);
        ASSERT_EQ(write->range, other->range);
        const Duration apart = write->at - other->at;  // the CSV has whole seconds
        ASSERT_LE(apart, seconds(1));
        ASSERT_GE(apart, seconds(-1));
    }
    EXPECT_EQ(b->next(), std::nullopt);
}

}  // namespace
}  // namespace landfall::workload
