import NIOCore
import Testing
import XetCore
import XetTestSupport
import XetWire

@testable import XetClient

@Suite struct MultipartReaderTests {
    private static let total = 4000
    private static let whole = Inputs.splitmix(total, seed: 21)
    /// The second holds what looks like delimiters; see `content(_:)`.
    private static let ranges = [(0, 0), (5, 304), (900, 901), (1000, 1999)].compactMap {
        HTTPByteRange(first: UInt64($0.0), last: UInt64($0.1))
    }
    private static let boundary = "sep-7"

    private static func content(_ range: HTTPByteRange) -> [UInt8] {
        let bytes = Array(whole[Int(range.first)...Int(range.last)])
        guard range.first == 5 else { return bytes }
        let decoy = Array("\r\n--sep-7\r\nContent-Range: bytes 900-901/4000\r\n\r\nxx\r\n--sep-7--\r\n".utf8)
        return decoy + bytes.dropFirst(decoy.count)
    }

    /// How a part is written.
    private struct Writing {
        var preamble = ""
        var padding = ""
        var headers: (HTTPByteRange) -> String = {
            "Content-Type: application/octet-stream\r\nContent-Range: bytes \($0.first)-\($0.last)/4000\r\n"
        }
        var end = "\r\n--sep-7--\r\n"

        func body(_ ranges: [HTTPByteRange] = MultipartReaderTests.ranges) -> [UInt8] {
            var bytes = Array(preamble.utf8)
            for (index, range) in ranges.enumerated() {
                bytes += Array("\(index == 0 ? "" : "\r\n")--sep-7\(padding)\r\n\(headers(range))\r\n".utf8)
                bytes += MultipartReaderTests.content(range)
            }
            return bytes + Array(end.utf8)
        }
    }

    private struct Found: Equatable {
        var contents = [[UInt8]](repeating: [], count: MultipartReaderTests.ranges.count)
        var completeCount = 0
        var isEnded = false
        var error: MultipartError?

        static let all = Found(
            contents: MultipartReaderTests.ranges.map(MultipartReaderTests.content),
            completeCount: 4,
            isEnded: true
        )
    }

    /// Feeds a body that is cut at places; `cuts` ascend.
    private func read(_ body: [UInt8], cuts: [Int] = []) throws -> Found {
        let boundary = try #require(MultipartBoundary(Self.boundary))
        var reader = MultipartReader(Self.ranges, boundary: boundary)
        var found = Found()
        var start = 0
        do {
            for end in cuts + [body.count] {
                var piece = ByteBuffer(bytes: body[start..<end])
                while let slice = try reader.next(in: &piece) {
                    #expect(slice.bytes.readableBytes > 0)
                    found.contents[slice.index] += slice.bytes.readableBytesView
                }
                #expect(piece.readableBytes == 0)
                start = end
            }
        } catch {
            found.error = error
        }
        found.completeCount = reader.completeCount
        found.isEnded = reader.isEnded
        return found
    }

    // MARK: What is right

    @Test func `every place where the body may be cut`() throws {
        let body = Writing(preamble: "\r\n").body()
        #expect(try read(body) == .all)
        for cut in 0...body.count {
            #expect(try read(body, cuts: [cut]) == .all)
        }
    }

    @Test(arguments: [1, 2, 3, 7, 64, 1000])
    func `pieces of one size`(byteCount: Int) throws {
        let body = Writing(preamble: "This is\r\na preamble.\r\n", padding: " \t ").body()
        #expect(try read(body, cuts: Array(stride(from: byteCount, to: body.count, by: byteCount))) == .all)
    }

    @Test func `slices are those of the piece, not copies`() throws {
        let boundary = try #require(MultipartBoundary(Self.boundary))
        var reader = MultipartReader(Self.ranges, boundary: boundary)
        let whole = ByteBuffer(bytes: Writing().body())
        var piece = whole
        let base = unsafe whole.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        var count = 0
        while let slice = try reader.next(in: &piece) {
            let place = unsafe slice.bytes.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
            #expect((base..<base + UInt(whole.readableBytes)).contains(place))
            count += 1
        }
        #expect(count == 4)
    }

    @Test(arguments: [
        "", "\r\n", "\r\n\r\n", "text\r\n", "a\nb\rc\r\n", "--sep-8\r\n", "--sep-77\r\n", "x--sep-7\r\n",
        "--sep-7x\r\n", " --sep-7\r\n",
        "-- sep-7\r\n", "--SEP-7\r\n",
    ])
    func `what stands in front of the first delimiter`(preamble: String) throws {
        #expect(try read(Writing(preamble: preamble).body()) == .all)
    }

    @Test(arguments: [
        "", "\r\n", "--", "\r\n--", "\r\n--sep-7", "\r\n--sep-7--", "\r\n--sep-7--\r", "\r\n--sep-7-- \t",
        "\r\n--sep-7--\r\nepilogue",
    ])
    func `how the body may end, once all parts have come`(end: String) throws {
        let found = try read(Writing(end: end).body())
        #expect(found.contents == Found.all.contents && found.completeCount == 4 && found.error == nil)
        #expect(found.isEnded == end.hasPrefix("\r\n--sep-7--"))
    }

    @Test(arguments: [
        "Content-Range: bytes #/4000\r\nContent-Type: text/plain\r\n", "content-range: bytes #/*\r\n",
        "CONTENT-RANGE:bytes #/4000\r\n", "Content-Range:\t bytes #/4000 \t\r\n",
        "A: b\r\nContent-Range: Bytes #/4000\r\nC:\r\nD: e:f\r\n",
        "Content-Range:\r\n bytes #/4000\r\n", "Content-Range: bytes\r\n\t#/4000\r\n",
        "A: b\r\n  c\r\n \r\nContent-Range: bytes #/4000\r\n",
        "Content-Range : bytes #/4000\r\n", "A: b\nc\r\nContent-Range: bytes #/4000\r\n",
    ])
    func `headers in any order, case and layout`(headers: String) throws {
        var writing = Writing()
        writing.headers = {
            headers.split(separator: "#", omittingEmptySubsequences: false).joined(separator: "\($0.first)-\($0.last)")
        }
        let body = writing.body()
        #expect(try read(body) == .all)
        #expect(try read(body, cuts: Array(1..<body.count)) == .all)
    }

    // MARK: What is not

    private func error(_ change: (inout Writing) -> Void) throws -> MultipartError? {
        var writing = Writing()
        change(&writing)
        let body = writing.body()
        let found = try read(body)
        #expect(try read(body, cuts: Array(1..<body.count)) == found)
        return found.error
    }

    @Test(arguments: [
        "", "Content-Type: text/plain\r\n", "Content-Range:\r\n", "Content-Range: bytes */4000\r\n",
        "Content-Range: bytes 0-0\r\n",
        "Content-Range: chunks 0-0/4000\r\n", "Content-Range: bytes 0-0/4000\r\nContent-Range: bytes 0-0/4000\r\n",
        "Content-Range: bytes 0-0,5-304/4000\r\n", "Content-Range: bytes -0/4000\r\n",
        "Content-Range: bytes 00x0-0/4000\r\n",
        "Content-Range: bytes 18446744073709551616-18446744073709551617/*\r\n", "XContent-Range: bytes 0-0/4000\r\n",
        "A: b\nContent-Range: bytes 0-0/4000\r\n",
    ])
    func `a part that does not say its range`(headers: String) throws {
        #expect(try error { $0.headers = { _ in headers } } == .noContentRange)
    }

    @Test(arguments: [" a\r\n", "abc\r\n", ": x\r\n", "\tContent-Range: bytes 0-0/4000\r\n", "\u{0}\r\n"])
    func `lines that are no headers`(headers: String) throws {
        #expect(try error { $0.headers = { _ in headers + "Content-Range: bytes 0-0/4000\r\n" } } == .malformedHeader)
    }

    @Test func `a part ends where its range does`() throws {
        for (extra, expected) in [("x", MultipartError.noDelimiter), ("\r\n", .noDelimiter), ("\n", .noDelimiter)] {
            let body = Writing().body(Array(Self.ranges.prefix(2)))
            let found = try read(body.dropLast(13) + Array((extra + "\r\n--sep-7--\r\n").utf8))
            #expect(found.error == expected && found.completeCount == 2)
        }
        // One byte less: the first of the delimiter is taken for content, and then there is none.
        let short = Writing().body(Array(Self.ranges.prefix(2)))
        let found = try read(short.dropLast(14) + Array("\r\n--sep-7--\r\n".utf8))
        #expect(found.error == .noDelimiter)
    }

    @Test func `parts that are left out, doubled, swapped, merged, cut`() throws {
        let ranges = Self.ranges
        func wrong(_ parts: [HTTPByteRange]) throws -> (Int, MultipartError?) {
            let found = try read(Writing().body(parts))
            for (index, content) in found.contents.enumerated() {
                #expect(content == (index < found.completeCount ? Self.content(ranges[index]) : []))
            }
            return (found.completeCount, found.error)
        }
        #expect(try wrong([]) == (0, .tooFewParts(missing: 4)))
        #expect(try wrong(Array(ranges.prefix(3))) == (3, .tooFewParts(missing: 1)))
        #expect(try wrong(Array(ranges.dropFirst())) == (0, .wrongPart(expected: ranges[0], found: ranges[1])))
        #expect(try wrong([ranges[0], ranges[2], ranges[3]]) == (1, .wrongPart(expected: ranges[1], found: ranges[2])))
        #expect(try wrong([ranges[0], ranges[0]]) == (1, .wrongPart(expected: ranges[1], found: ranges[0])))
        #expect(try wrong([ranges[0], ranges[2], ranges[1], ranges[3]]).0 == 1)
        #expect(try wrong(ranges + [ranges[3]]) == (4, .tooManyParts))
        for (first, last) in [(5, 303), (6, 304), (5, 305), (4, 304), (5, 901), (0, 3999)] as [(UInt64, UInt64)] {
            let other = try #require(HTTPByteRange(first: first, last: last))
            #expect(try wrong([ranges[0], other]) == (1, .wrongPart(expected: ranges[1], found: other)))
        }
    }

    // MARK: Bounds

    @Test func `what stands before a part is bounded`() throws {
        let most = MultipartReader.maximumOverheadByteCount
        let delimiter = "--sep-7\r\nContent-Range: bytes 0-0/4000\r\n\r\n"
        let room = String(repeating: "p", count: most - delimiter.utf8.count - 2)
        let headers = { (range: HTTPByteRange) in "Content-Range: bytes \(range.first)-\(range.last)/4000\r\n" }
        #expect(try read(Writing(preamble: room + "\r\n", headers: headers).body()) == .all)
        let tooLong = try read(Writing(preamble: room + "p\r\n", headers: headers).body())
        #expect(tooLong.error == .tooMuchBeforePart(limit: most))
        #expect(try error { $0.preamble = "\r\n".repeated(most) } == .tooMuchBeforePart(limit: most))
        #expect(try error { $0.padding = " ".repeated(most) } == .tooMuchBeforePart(limit: most))
        for header in ["A: ".repeated(most) + "\r\n", "A: b\r\n".repeated(most), "A:\r\n" + " \r\n".repeated(most)] {
            #expect(try error { $0.headers = { _ in header } } == .tooMuchBeforePart(limit: most))
        }
    }

    @Test func `an endless line costs no more than its bound`() throws {
        let boundary = try #require(MultipartBoundary(Self.boundary))
        var reader = MultipartReader(Self.ranges, boundary: boundary)
        #expect(throws: MultipartError.tooMuchBeforePart(limit: MultipartReader.maximumOverheadByteCount)) {
            for _ in 0..<9 {
                var piece = ByteBuffer(bytes: [UInt8](repeating: 0x2D, count: 1000))
                let slice = try reader.next(in: &piece)
                #expect(slice == nil)
            }
        }
    }

    @Test(arguments: 0..<300 as Range<UInt64>)
    func `damaged bodies never trap, and give no bytes that are not there`(seed: UInt64) throws {
        var mutator = Mutator(seed: seed)
        let body = mutator.mutated(Writing(preamble: "\r\n").body())
        let found = try read(body)
        for (content, range) in zip(found.contents, Self.ranges) {
            #expect(content.count <= Int(range.count))
        }
        #expect(found.contents.dropFirst(found.completeCount + 1).allSatisfy { $0.isEmpty })
        #expect(try read(body, cuts: Array(1..<max(1, body.count))) == found)
    }
}

extension String {
    fileprivate func repeated(_ count: Int) -> String { String(repeating: self, count: count) }
}
