#include "http/reply_reader.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "http/reply_feed_for_test.h"

namespace nearside::http {
namespace {

/// What a reply became; the same however it was split.
struct Reading {
  std::string seen;  // "200 name=value;|body"
  base::Status outcome;
  bool keeps = false;
  std::size_t left_bytes = 0;
};

Reading read_in_pieces(std::string_view bytes, std::size_t piece_bytes,
                       ClientRequest request = {}) {
  Reading reading;
  ClientSink sink;
  sink.on_head = [&](int status, const Headers& headers) {
    reading.seen += std::to_string(status) + " ";
    for (const Header& header : headers) reading.seen += header.name + "=" + header.value + ";";
    reading.seen += "|";
  };
  sink.on_body = [&](std::string_view piece) { reading.seen += piece; };
  Transfer transfer(std::move(request), std::move(sink));
  ReplyReader reader(transfer);
  boost::beast::flat_buffer buffer;
  const auto progress = feed_in_pieces(reader, bytes, piece_bytes, buffer);
  if (!progress) {
    reading.outcome = progress.error();
  } else if (*progress == ReplyReader::Progress::kMore) {
    reading.outcome = reader.end_of_stream();
  } else {
    reading.keeps = reader.keeps_connection();
    reading.left_bytes = buffer.size() + bytes.size();
  }
  return reading;
}

Reading read(std::string_view bytes, const ClientRequest& request = {}) {
  Reading whole = read_in_pieces(bytes, bytes.size(), request);
  for (const std::size_t piece_bytes : {1U, 2U, 3U, 7U, 64U}) {
    const Reading pieces = read_in_pieces(bytes, piece_bytes, request);
    EXPECT_EQ(pieces.seen, whole.seen) << piece_bytes;
    EXPECT_EQ(bool(pieces.outcome), bool(whole.outcome)) << piece_bytes;
    EXPECT_EQ(pieces.keeps, whole.keeps) << piece_bytes;
    EXPECT_EQ(pieces.left_bytes, whole.left_bytes) << piece_bytes;
  }
  return whole;
}

TEST(ReplyReader, ReadsABodyOfAKnownLength) {
  const Reading got = read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:  b \r\n\r\nhello");
  EXPECT_TRUE(got.outcome);
  EXPECT_EQ(got.seen, "200 Content-Length=5;X-A=b;|hello");
  EXPECT_TRUE(got.keeps);
}

TEST(ReplyReader, ReadsChunks) {
  const Reading got = read(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=\"y\"\r\nlo\r\n"
      "00b\r\n, you there\r\n0\r\nX-Trailer: t\r\n\r\n");
  EXPECT_TRUE(got.outcome);
  EXPECT_EQ(got.seen, "200 Transfer-Encoding=chunked;|hello, you there");
  EXPECT_TRUE(got.keeps);
}

TEST(ReplyReader, ReadsChunksOfNothing) {
  const Reading got = read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_TRUE(got.outcome);
  EXPECT_TRUE(got.keeps);
}

TEST(ReplyReader, ReadsABodyThatEndsWithTheConnection) {
  const Reading got = read("HTTP/1.0 200 OK\r\n\r\nhello");
  EXPECT_TRUE(got.outcome);
  EXPECT_EQ(got.seen, "200 |hello");
  EXPECT_FALSE(got.keeps);
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\n\r\n").outcome);
}

TEST(ReplyReader, PassesOverInterimReplies) {
  const Reading got = read(
      "HTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: z\r\n\r\n"
      "HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx");
  EXPECT_TRUE(got.outcome);
  EXPECT_EQ(got.seen, "201 Content-Length=1;|x");
}

TEST(ReplyReader, KnowsRepliesWithoutABody) {
  EXPECT_EQ(read("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n").seen,
            "204 Content-Length=5;|");
  EXPECT_EQ(read("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n").seen,
            "304 Content-Length=5;|");
  const Reading head =
      read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {.method = "HEAD", .url = ""});
  EXPECT_TRUE(head.outcome);
  EXPECT_TRUE(head.keeps);
  EXPECT_TRUE(
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", {.method = "HEAD", .url = ""})
          .keeps);
}

TEST(ReplyReader, KnowsWhetherTheServerListensOn) {
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").keeps);
  EXPECT_FALSE(read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keeps);
  EXPECT_TRUE(read("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n").keeps);
}

TEST(ReplyReader, LeavesWhatComesAfterTheReply) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxyz").left_bytes, 2U);
}

TEST(ReplyReader, TellsACutReplyFromACompleteOne) {
  for (const std::string_view cut :
       {"", "HTTP/1.1", "HTTP/1.1 200 OK\r\nContent-Le",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhe",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n0\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n"}) {
    const Reading got = read(cut);
    ASSERT_FALSE(got.outcome) << cut;
    EXPECT_EQ(got.outcome.error().code, base::Code::kUnavailable);
    EXPECT_NE(got.outcome.error().message.find("the connection broke before"), std::string::npos);
  }
}

TEST(ReplyReader, RefusesWhatIsNotHttp) {
  for (const std::string_view bad :
       {"hello, world\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 020 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhelxx0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n"}) {
    const Reading got = read(bad);
    ASSERT_FALSE(got.outcome) << bad;
    EXPECT_EQ(got.outcome.error().code, base::Code::kUnavailable) << bad;
  }
}

TEST(ReplyReader, BoundsHeads) {
  const auto reply = [](std::size_t bytes) {
    const std::string start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
    return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_TRUE(read_in_pieces(reply(kReplyHeadBytesMax), 16'384).outcome);
  EXPECT_FALSE(read_in_pieces(reply(kReplyHeadBytesMax + 1), 16'384).outcome);
  const std::string line(1000, 'x');
  std::string many = "HTTP/1.1 200 OK\r\n";
  std::string interim;
  std::string trailers = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  std::string extension = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;";
  while (many.size() <= kReplyHeadBytesMax + 2000) {
    many += "X: " + line + "\r\n";
    interim += "HTTP/1.1 100 Continue\r\nX: " + line + "\r\n\r\n";
    trailers += "X: " + line + "\r\n";
    extension += line;
  }
  for (const std::string& endless : {many, interim, trailers, extension}) {
    const Reading got = read_in_pieces(endless, 16'384);
    ASSERT_FALSE(got.outcome) << endless.substr(0, 60);
    EXPECT_EQ(got.outcome.error().code, base::Code::kTooLarge) << endless.substr(0, 60);
  }
}

TEST(ReplyReader, BoundsBodies) {
  const ClientRequest request{.url = "", .response_bytes_max = 5};
  for (const std::string head :
       {"Content-Length: 6\r\n\r\nhello!",
        "Transfer-Encoding: chunked\r\n\r\n6\r\nhello!\r\n0\r\n\r\n", "\r\nhello!"}) {
    const Reading got = read_in_pieces("HTTP/1.1 200 OK\r\n" + head, 1000, request);
    ASSERT_FALSE(got.outcome) << head;
    EXPECT_EQ(got.outcome.error().code, base::Code::kTooLarge) << head;
  }
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", request).outcome);
}

TEST(ReplyReader, StopsWhereTheSinkCancels) {
  Transfer* running = nullptr;
  int pieces = 0;
  ClientSink sink;
  sink.on_body = [&](std::string_view) {
    ++pieces;
    running->cancel();
  };
  Transfer transfer({}, std::move(sink));
  running = &transfer;
  ReplyReader reader(transfer);
  boost::beast::flat_buffer buffer;
  constexpr std::string_view kReply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n";
  const auto space = buffer.prepare(kReply.size());
  std::copy(kReply.begin(), kReply.end(), static_cast<char*>(space.data()));
  buffer.commit(kReply.size());
  const auto progress = reader.read(buffer);
  ASSERT_FALSE(progress);
  EXPECT_EQ(progress.error().code, base::Code::kCancelled);
  EXPECT_EQ(pieces, 1);
}

}  // namespace
}  // namespace nearside::http
