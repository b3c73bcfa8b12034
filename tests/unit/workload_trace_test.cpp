// tests/unit/workload_trace_test.cpp — trace files: what is read, what is refused, and with which
// words.
#include <cmath>
#include <fstream>
#include <ostream>
#include <sstream>

#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/workload/trace.hpp"
#include "tests/support/scenario_sample.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/shared_data.hpp"

namespace landfall::workload {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;
using ::testing::SizeIs;

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

class Trace : public ::testing::Test {
  protected:
    std::string write(const std::string& content, const std::string& name = "trace.csv") {
        std::ofstream(folder_.file(name), std::ios::binary) << content;
        return folder_.file(name);
    }

    /// Reads one column of a file with this content.
    std::shared_ptr<const TraceColumn> read(const std::string& content, const std::string& column,
                                            char separator = ',') {
        const std::string file = write(content);
        TraceStore store(limits_);
        store.require(file, separator, column);
        problems_ = store.read_all();
        return store.find(file, separator, column);
    }

    std::vector<float> values(const std::string& content, const std::string& column,
                              char separator = ',') {
        const auto found = read(content, column, separator);
        EXPECT_THAT(problems_, IsEmpty());
        return found == nullptr ? std::vector<float>() : found->values;
    }

    testing::ScratchFolder folder_;
    TraceLimits limits_;
    std::vector<TraceProblem> problems_;
};

TEST_F(Trace, ReadsAColumnByItsHeader) {
    const std::string text = "time,a,b\n0,1,2.5\n300,3,4e2\n";
    EXPECT_THAT(values(text, "a"), ElementsAre(1, 3));
    EXPECT_THAT(values(text, "b"), ElementsAre(2.5, 400));
}

TEST_F(Trace, EmptyCellsAreNoSamples) {
    const auto column = read("time,a,b\n0,,1\n300, ,2\n600,3,\n", "a");
    EXPECT_THAT(problems_, IsEmpty());
    EXPECT_THAT(column->values, ElementsAre(IsNan(), IsNan(), 3));
    EXPECT_EQ(column->empty_cells, 2U);
    EXPECT_THAT(values("time,a,b\n0,,1\n300,2,\n", "b"), ElementsAre(1, IsNan()));
}

TEST_F(Trace, TakesTheFormsThatProgramsWrite) {
    EXPECT_THAT(values("\xEF\xBB\xBF\"t\",\"a b\"\r\n0,\"7\"\r\n1,8\r\n", "a b"), ElementsAre(7, 8))
        << "byte order mark, quotes, CR LF";
    EXPECT_THAT(values("t;\ta;\tb\n0;\t1.5;\t2\n", "b", ';'), ElementsAre(2))
        << "the archive's own form: a tab after every separator";
    EXPECT_THAT(values("t\ta\n0\t5\n", "a", '\t'), ElementsAre(5));
    EXPECT_THAT(values("t,a\n0,5", "a"), ElementsAre(5)) << "no end of the last line";
    EXPECT_THAT(values("t,a\n0,5\n\n\n", "a"), ElementsAre(5)) << "empty lines at the end";
    EXPECT_THAT(values("2013-08-01 00:00,a\nnot a number,5\n", "a"), ElementsAre(5))
        << "the time column is not read";
    EXPECT_THAT(values("t,a\n0,0\n1,-0\n", "a"), ElementsAre(0, 0));
}

TEST_F(Trace, TellsGzipByItsContent) {
    const std::string text = "time,a\n0,1\n300,2\n";
    EXPECT_THAT(values(gzip(text), "a"), ElementsAre(1, 2));
    EXPECT_THAT(values(gzip(text) + gzip("600,3\n"), "a"), ElementsAre(1, 2, 3))
        << "gzip files may be joined";
}

TEST_F(Trace, ReadsEveryFileOnceAndSharesItsColumns) {
    const std::string file = write("time,a,b\n0,1,2\n");
    TraceStore store;
    store.require(file, ',', "a");
    store.require(file, ',', "a");
    EXPECT_THAT(store.read_all(), IsEmpty());
    std::filesystem::remove(file);
    EXPECT_THAT(store.read_all(), IsEmpty()) << "not read again";
    EXPECT_EQ(store.find(file, ',', "a"), store.find(file, ',', "a"));
    EXPECT_EQ(store.find(file, ',', "b"), nullptr) << "never asked for";
    EXPECT_EQ(store.find(file, ';', "a"), nullptr);
}

TEST_F(Trace, ReadsColumnsThatAreAskedForLater) {
    const std::string file = write("time,a,b\n0,1,2\n");
    TraceStore store;
    store.require(file, ',', "a");
    EXPECT_THAT(store.read_all(), IsEmpty());
    const auto first = store.find(file, ',', "a");
    store.require(file, ',', "b");
    EXPECT_THAT(store.read_all(), IsEmpty());
    EXPECT_EQ(store.find(file, ',', "a"), first);
    EXPECT_THAT(store.find(file, ',', "b")->values, ElementsAre(2));
}

struct BadTrace {
    std::string title;
    std::string content;
    TraceFault fault;
    std::size_t line;
    std::string found;

    friend std::ostream& operator<<(std::ostream& out, const BadTrace& bad) {
        return out << bad.title;
    }
};

class TraceWithAFault : public Trace, public ::testing::WithParamInterface<BadTrace> {};

TEST_P(TraceWithAFault, IsRefusedWithLineAndColumn) {
    EXPECT_EQ(read(GetParam().content, "a"), nullptr);
    ASSERT_THAT(problems_, ::testing::Not(IsEmpty()));
    EXPECT_EQ(problems_[0].fault, GetParam().fault);
    EXPECT_EQ(problems_[0].line, GetParam().line);
    EXPECT_EQ(problems_[0].found, GetParam().found);
    EXPECT_THAT(problems_[0].message, HasSubstr("trace.csv"));
}

INSTANTIATE_TEST_SUITE_P(
    Contents, TraceWithAFault,
    ::testing::Values(
        BadTrace{"text", "t,a\n0,1\n1,x\n", TraceFault::NotANumber, 3, "x"},
        BadTrace{"number and text", "t,a\n0,1.5 MB\n", TraceFault::NotANumber, 2, "1.5 MB"},
        BadTrace{"two numbers", "t,a,b\n0,1 2,3\n", TraceFault::NotANumber, 2, "1 2"},
        BadTrace{"comma for a point", "t,a\n0,\"1\n", TraceFault::NotANumber, 2, "\"1"},
        BadTrace{"no finite number", "t,a\n0,nan\n", TraceFault::NotANumber, 2, "nan"},
        BadTrace{"infinity", "t,a\n0,inf\n", TraceFault::NotANumber, 2, "inf"},
        BadTrace{"too large for a float", "t,a\n0,1e99\n", TraceFault::NotANumber, 2, "1e99"},
        BadTrace{"hexadecimal", "t,a\n0,0x10\n", TraceFault::NotANumber, 2, "0x10"},
        BadTrace{"controls", "t,a\n0,\x1b[31m\xff\n", TraceFault::NotANumber, 2, "?[31m?"},
        BadTrace{"negative", "t,a\n0,-1\n", TraceFault::Negative, 2, "-1"},
        BadTrace{"short row", "t,a,b\n0,1,2\n1,1\n", TraceFault::Ragged, 3, "2 cells"},
        BadTrace{"long row", "t,a\n0,1,2\n", TraceFault::Ragged, 2, "3 cells"},
        BadTrace{"row cut before the column", "t,b,a\n0\n", TraceFault::Ragged, 2, "1 cells"},
        BadTrace{"empty line between rows", "t,a\n0,1\n\n1,1\n", TraceFault::Ragged, 3, ""},
        BadTrace{"no such column", "t,b\n0,1\n", TraceFault::UnknownColumn, 1, "a"},
        BadTrace{"the time itself", "a,b\n0,1\n", TraceFault::UnknownColumn, 1, "a"},
        BadTrace{"two of them", "t,a,a\n0,1,2\n", TraceFault::TwiceNamed, 1, "a"},
        BadTrace{"nothing", "", TraceFault::Empty, 0, ""},
        BadTrace{"no rows", "t,a\n", TraceFault::Empty, 0, ""},
        BadTrace{"no header", "\n\n", TraceFault::Empty, 0, ""}),
    [](const auto& info) { return "Fault" + std::to_string(info.index); });

TEST_F(Trace, NamesTheColumnsThatAreThere) {
    read("t,vm1,vm2\n0,1,1\n", "vm3");
    EXPECT_THAT(problems_.at(0).columns, ElementsAre("vm1", "vm2"));
}

TEST_F(Trace, OneMissingColumnDoesNotSpoilTheOthers) {
    const std::string file = write("t,a\n0,1\n");
    TraceStore store;
    store.require(file, ',', "a");
    store.require(file, ',', "z");
    EXPECT_THAT(store.read_all(), SizeIs(1));
    EXPECT_NE(store.find(file, ',', "a"), nullptr);
}

TEST_F(Trace, StopsAfterAFewFaults) {
    std::string text = "t,a\n";
    for (int row = 0; row < 1000; ++row) text += "0,x\n";
    read(text, "a");
    EXPECT_THAT(problems_, SizeIs(limits_.problems_per_file));
}

TEST_F(Trace, RefusesWhatIsNoFile) {
    TraceStore store;
    store.require(folder_.file("nowhere.csv"), ',', "a");
    store.require(folder_.file("."), ',', "a");
    const std::vector<TraceProblem> problems = store.read_all();
    ASSERT_THAT(problems, SizeIs(2));
    EXPECT_EQ(problems[0].fault, TraceFault::Unreadable);
    EXPECT_THAT(problems[0].message, HasSubstr("not a regular file"));
    EXPECT_THAT(problems[1].message, HasSubstr("no such file"));
}

TEST_F(Trace, RefusesDamagedGzip) {
    std::string text = "t,a\n";
    for (int row = 0; row < 20'000; ++row) text += std::to_string(row * 7919 % 10007) + ",1\n";
    const std::string packed = gzip(text);
    read(packed.substr(0, packed.size() / 2), "a");
    ASSERT_THAT(problems_, SizeIs(1)) << "cut short";
    EXPECT_EQ(problems_[0].fault, TraceFault::Unreadable);
    read(packed.substr(0, packed.size() - 4), "a");
    ASSERT_THAT(problems_, SizeIs(1)) << "without its end";
    EXPECT_EQ(problems_[0].fault, TraceFault::Unreadable);
    std::string broken = packed;
    for (std::size_t i = 200; i < 260; ++i) broken[i] = static_cast<char>(~broken[i]);
    read(broken, "a");
    ASSERT_THAT(problems_, ::testing::Not(IsEmpty())) << "bits turned over";
    EXPECT_EQ(problems_.back().fault, TraceFault::Unreadable);
}

TEST_F(Trace, BoundsWhatAFileMayUnpackTo) {
    limits_.decompressed_bytes = 1'000'000;
    std::string large = "t,a\n";
    large.append(50'000'000, '\n');
    EXPECT_EQ(read(gzip(large), "a"), nullptr);
    ASSERT_THAT(problems_, SizeIs(1));
    EXPECT_EQ(problems_[0].fault, TraceFault::TooLarge);
}

TEST_F(Trace, BoundsLinesRowsAndCells) {
    limits_.line_bytes = 1000;
    EXPECT_EQ(read("t,a\n0,1" + std::string(5'000'000, ' ') + "\n", "a"), nullptr);
    EXPECT_EQ(problems_.at(0).fault, TraceFault::TooLarge);
    limits_ = TraceLimits();
    limits_.rows = 2;
    EXPECT_EQ(read("t,a\n0,1\n1,1\n2,1\n", "a"), nullptr);
    EXPECT_EQ(problems_.at(0).fault, TraceFault::TooLarge);
    limits_ = TraceLimits();
    limits_.kept_cells = 2;
    EXPECT_EQ(read("t,a\n0,1\n1,1\n2,1\n", "a"), nullptr);
    EXPECT_EQ(problems_.at(0).fault, TraceFault::TooLarge);
}

TEST_F(Trace, LinesMayStraddleThePiecesAFileIsReadIn) {
    // Rows of about 100 bytes over 4 MB: several pieces of 1 MiB, each cut inside a row.
    std::string text = "t,pad,a\n";
    constexpr int kRows = 40'000;
    for (int row = 0; row < kRows; ++row) {
        text += std::to_string(row) + ',' + std::string(90 + row % 7, '0') + ',' +
                std::to_string(row % 1000) + '\n';
    }
    const std::vector<float> found = values(text, "a");
    ASSERT_THAT(found, SizeIs(kRows));
    for (int row = 0; row < kRows; ++row) {
        ASSERT_EQ(found[static_cast<std::size_t>(row)], static_cast<float>(row % 1000));
    }
}

// --- In a scenario

class ScenarioTrace : public Trace {
  protected:
    /// Findings of the sample scenario when its database replays this file for `duration_s`.
    std::vector<testing::Finding> findings(const std::string& content, double duration_s,
                                           const testing::Json& more = testing::Json::object()) {
        testing::Json churn = {
            {"kind", "trace"}, {"file", write(content)}, {"column", "vm{index}"}};
        churn.update(more);
        return testing::findings_of(testing::problems_of(
            testing::changed(testing::sample_scenario(),
                             {{"/machines/1/churn", churn}, {"/duration", duration_s}})));
    }

    std::string quoted_file() { return '"' + folder_.file("trace.csv") + '"'; }
};

TEST_F(ScenarioTrace, MustLastAsLongAsTheRun) {
    const std::string text = "t,vm1\n0,1\n300,1\n600,1\n";
    EXPECT_THAT(findings(text, 900), IsEmpty());
    EXPECT_EQ(findings(text, 901),
              (std::vector<testing::Finding>{{"SCN052", "/machines/1/churn/file", quoted_file()}}));
    EXPECT_THAT(findings(text, 86'400, {{"repeat", true}}), IsEmpty());
    EXPECT_THAT(findings(text, 1800, {{"step", 600}}), IsEmpty());
}

TEST_F(ScenarioTrace, FaultsAreShownWhereTheTraceIsNamed) {
    using Findings = std::vector<testing::Finding>;
    EXPECT_EQ(findings("t,vm1\n0,x\n", 300),
              (Findings{{"SCN053", "/machines/1/churn/file", "\"x\""}}));
    EXPECT_EQ(findings("t,vm1\n0,-4\n", 300),
              (Findings{{"SCN053", "/machines/1/churn/file", "\"-4\""}}));
    EXPECT_EQ(findings("t,vm2\n0,1\n", 300),
              (Findings{{"SCN051", "/machines/1/churn/column", "\"vm1\""}}));
    EXPECT_EQ(findings("t,vm1\n0,1,2\n", 300),
              (Findings{{"SCN054", "/machines/1/churn/file", "\"3 cells\""}}));
    EXPECT_EQ(
        findings("t,vm1\n0,1\n", 300, {{"file", folder_.file("gone.csv")}}),
        (Findings{{"SCN050", "/machines/1/churn/file", '"' + folder_.file("gone.csv") + '"'}}));
}

TEST_F(ScenarioTrace, MessagesNameFileLineAndColumn) {
    const testing::Json churn = {
        {"kind", "trace"}, {"file", write("t,vm1\n0,1\n300,x\n")}, {"column", "vm1"}};
    const auto problems = testing::problems_of(testing::changed(
        testing::sample_scenario(), {{"/machines/1/churn", churn}, {"/duration", 300}}));
    EXPECT_EQ(problems.at(0).message,
              folder_.file("trace.csv") + " line 3, column 'vm1': not a number, found 'x'");
}

// --- Real data

TEST(RealTrace, BitbrainsHasItsKnownFigures) {
    const auto file = testing::shared_data_file("bitbrains/write_kbps_5min_2013-8.csv.gz");
    if (!file) GTEST_SKIP() << "no shared data here";
    TraceStore store;
    for (int vm = 1; vm <= 500; ++vm) store.require(*file, ',', "vm" + std::to_string(vm));
    ASSERT_THAT(store.read_all(), IsEmpty());
    std::vector<double> fleet(8'640);
    for (int vm = 1; vm <= 500; ++vm) {
        const auto column = store.find(*file, ',', "vm" + std::to_string(vm));
        ASSERT_THAT(column->values, SizeIs(8'640));
        for (std::size_t slot = 0; slot < fleet.size(); ++slot) {
            if (!std::isnan(column->values[slot])) fleet[slot] += column->values[slot] / 1024.0;
        }
    }
    double sum = 0;
    double peak = 0;
    for (const double rate : fleet) {
        sum += rate;
        peak = std::max(peak, rate);
    }
    // The data folder's own description: mean 55.6 MiB/s, peak slot 333.7 MiB/s.
    EXPECT_NEAR(sum / 8'640, 55.6, 0.05);
    EXPECT_NEAR(peak, 333.7, 0.05);
}

TEST(RealTrace, BitbrainsRawFilesAreReadAsTheyAre) {
    const auto file = testing::shared_data_file("bitbrains/raw/386.csv.gz");
    if (!file) GTEST_SKIP() << "no shared data here";
    TraceStore store;
    store.require(*file, ';', "Disk write throughput [KB/s]");
    ASSERT_THAT(store.read_all(), IsEmpty());
    const auto column = store.find(*file, ';', "Disk write throughput [KB/s]");
    EXPECT_FLOAT_EQ(column->values.at(0), 7629.0666F);
    EXPECT_FLOAT_EQ(column->values.at(1), 8055.8F);
}

}  // namespace
}  // namespace landfall::workload
