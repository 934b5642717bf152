import Foundation
import Testing
import XetCore
import XetTestSupport
import XetWire

@Suite struct ReconstructionJSONTests {
    private static let xorb = String(repeating: "0123456789abcdef", count: 4)

    private func parse(_ json: String, _ version: ReconstructionVersion = .v1) throws(ReconstructionError)
        -> Reconstruction
    {
        try Reconstruction(json: Data(json.utf8), version: version)
    }

    // MARK: Golden answers

    @Test(arguments: ["full", "range"])
    func `both versions of the golden answers say the same`(name: String) throws {
        let golden = try Golden.load()
        let mix = try #require(golden.files.first { $0.name == "mix.bin" })
        let one = try Reconstruction(json: Data(Vectors.golden("reconstruction/mix_v1_\(name).json")), version: .v1)
        let two = try Reconstruction(json: Data(Vectors.golden("reconstruction/mix_v2_\(name).json")), version: .v2)
        #expect(one.terms == two.terms)
        #expect(one.offsetIntoFirstTerm == two.offsetIntoFirstTerm)
        for term in one.terms {
            #expect(one.fetchInfo(for: term)?.chunks == two.fetchInfo(for: term)?.chunks)
            #expect(one.fetchInfo(for: term)?.bytes == two.fetchInfo(for: term)?.bytes)
        }
        if name == "full" {
            #expect(one.byteCount == UInt64(mix.size))
            #expect(one.terms.map(\.xorb.text) == mix.terms.map(\.xorb))
            #expect(one.terms.map(\.unpackedByteCount) == mix.terms.map(\.unpackedLength))
            #expect(one.terms.map(\.chunks.start) == mix.terms.map(\.start))
            #expect(one.terms.map(\.chunks.end) == mix.terms.map(\.end))
        } else {
            #expect(one.offsetIntoFirstTerm == 28207)
        }
    }

    @Test(arguments: ["full", "range"])
    func `what is written can be read`(name: String) throws {
        let one = try Reconstruction(json: Data(Vectors.golden("reconstruction/mix_v1_\(name).json")), version: .v1)
        let body = try JSONEncoder().encode(ReconstructionV1Body(one))
        #expect(try Reconstruction(json: body, version: .v1) == one)
        let fetches = Dictionary(
            uniqueKeysWithValues: one.fetches.map { xorb, ranges in
                (
                    xorb,
                    ranges.infos.map { info in
                        ReconstructionV2Body.Fetch(
                            url: info.url.secret,
                            ranges: [.init(chunks: info.chunks, bytes: info.bytes)]
                        )
                    }
                )
            }
        )
        let second = ReconstructionV2Body(
            offsetIntoFirstRange: one.offsetIntoFirstTerm,
            terms: one.terms,
            xorbs: fetches
        )
        #expect(try Reconstruction(json: try JSONEncoder().encode(second), version: .v2) == one)
    }

    @Test func `unknown fields are ignored, no terms are an empty file`() throws {
        let one = try parse(#"{"offset_into_first_range":0,"terms":[],"fetch_info":{},"more":[1]}"#)
        #expect(one.byteCount == 0)
        let two = try parse(#"{"offset_into_first_range":0,"terms":[],"xorbs":{}}"#, .v2)
        #expect(two.byteCount == 0)
    }

    @Test func `one URL for several ranges`() throws {
        let two = try parse(
            """
            {"offset_into_first_range":3,
             "terms":[{"hash":"\(Self.xorb)","unpacked_length":30,"range":{"start":0,"end":3}},
                      {"hash":"\(Self.xorb)","unpacked_length":20,"range":{"start":6,"end":8},"chunk_byte_sizes":[10,10]}],
             "xorbs":{"\(Self.xorb)":[{"url":"https://cdn.example/x?s=1","ranges":[
                {"chunks":{"start":0,"end":3},"bytes":{"start":0,"end":53}},
                {"chunks":{"start":5,"end":8},"bytes":{"start":90,"end":143}}]}]}}
            """,
            .v2
        )
        #expect(two.byteCount == 47)
        #expect(two.terms.map { two.fetchInfo(for: $0)?.bytes.first } == [0, 90])
        #expect(two.terms.map { two.fetchInfo(for: $0)?.bytes.count } == [54, 54])
        #expect(
            two.terms.map { two.fetchInfo(for: $0)?.url.secret } == [
                "https://cdn.example/x?s=1", "https://cdn.example/x?s=1",
            ]
        )
        let ranges = try #require(two.fetches.values.first)
        for info in ranges.infos { #expect(ranges.signedList(of: info) == ranges.infos) }
        #expect(ranges.infos.isSignedList)
    }

    // MARK: Hostile answers

    /// One term and one fetch info of version 1, with parts replaced.
    private static func v1(
        offset: String = "0",
        hash: String = "\"\(xorb)\"",
        length: String = "30",
        term: String = #"{"start":0,"end":3}"#,
        key: String = xorb,
        range: String = #"{"start":0,"end":3}"#,
        bytes: String = #"{"start":0,"end":53}"#,
        url: String = "\"https://cdn.example/x\""
    ) -> String {
        """
        {"offset_into_first_range":\(offset),"terms":[{"hash":\(hash),"unpacked_length":\(length),"range":\(term)}],
         "fetch_info":{"\(key)":[{"range":\(range),"url":\(url),"url_range":\(bytes)}]}}
        """
    }

    private static func v2(chunks: String, bytes: String) -> String {
        """
        {"offset_into_first_range":0,"terms":[{"hash":"\(xorb)","unpacked_length":30,"range":{"start":0,"end":3}}],
         "xorbs":{"\(xorb)":[{"url":"https://cdn.example/x","ranges":[{"chunks":\(chunks),"bytes":\(bytes)}]}]}}
        """
    }

    @Test func `the pattern itself is good`() throws {
        #expect(try parse(Self.v1()).byteCount == 30)
        #expect(
            try parse(Self.v2(chunks: #"{"start":0,"end":3}"#, bytes: #"{"start":0,"end":53}"#), .v2).byteCount == 30
        )
    }

    private static let notNumbers = [
        "-1", "1.5", "\"1\"", "null", "true", "[]", "{}", "1e400", "18446744073709551616", "99999999999999999999999999",
    ]

    @Test(arguments: notNumbers)
    func `what is no number`(text: String) {
        for json in [
            Self.v1(offset: text), Self.v1(term: #"{"start":\#(text),"end":3}"#),
            Self.v1(term: #"{"start":0,"end":\#(text)}"#),
            Self.v1(range: #"{"start":\#(text),"end":3}"#), Self.v1(bytes: #"{"start":0,"end":\#(text)}"#),
        ] {
            #expect(throws: ReconstructionError.self) { try parse(json) }
        }
    }

    @Test(arguments: ["-1", "1.5", "\"1\"", "null", "1e400", "9223372036854775808", "393217", "9223372036854775807"])
    func `implausible lengths of a term`(length: String) {
        #expect(throws: ReconstructionError.self) { try parse(Self.v1(length: length)) }
    }

    @Test(arguments: ["0", "1", "393216"])
    func `plausible lengths of a term`(length: String) throws {
        #expect(try parse(Self.v1(length: length)).byteCount == UInt64(length))
    }

    @Test(arguments: [
        #"{"start":0,"end":0}"#, #"{"start":3,"end":3}"#, #"{"start":3,"end":2}"#, #"{"start":0,"end":4294967296}"#,
        #"{"start":0,"end":18446744073709551615}"#,
        #"{"start":18446744073709551615,"end":0}"#, #"{"start":0}"#, #"{"end":3}"#, "{}", "[0,3]", "null",
    ])
    func `what is no range of chunks`(range: String) {
        for (json, version) in [
            (Self.v1(term: range), ReconstructionVersion.v1), (Self.v1(range: range), .v1),
            (Self.v2(chunks: range, bytes: #"{"start":0,"end":53}"#), .v2),
        ] {
            #expect(throws: ReconstructionError.self) { try parse(json, version) }
        }
    }

    /// 24 to 786,456 bytes for three chunks.
    @Test(arguments: [
        #"{"start":0,"end":22}"#, #"{"start":0,"end":786456}"#, #"{"start":54,"end":53}"#,
        #"{"start":0,"end":18446744073709551615}"#,
        #"{"start":18446744073709551615,"end":18446744073709551615}"#, #"{"start":0,"end":0}"#,
    ])
    func `implausible byte ranges`(bytes: String) {
        #expect(throws: ReconstructionError.self) { try parse(Self.v1(bytes: bytes)) }
        #expect(throws: ReconstructionError.self) {
            try parse(Self.v2(chunks: #"{"start":0,"end":3}"#, bytes: bytes), .v2)
        }
    }

    @Test func `plausible byte ranges at the limits`() throws {
        #expect(try parse(Self.v1(bytes: #"{"start":0,"end":23}"#)).byteCount == 30)
        #expect(try parse(Self.v1(bytes: #"{"start":0,"end":786455}"#)).byteCount == 30)
        #expect(
            try parse(Self.v1(bytes: #"{"start":18446744073709551590,"end":18446744073709551614}"#)).byteCount == 30
        )
    }

    @Test(arguments: ["\"\"", "\"abc\"", "\"\(xorb)0\"", "\"g\(xorb.dropFirst())\"", "null", "1"])
    func `what is no hash`(hash: String) {
        #expect(throws: ReconstructionError.self) { try parse(Self.v1(hash: hash)) }
    }

    @Test func `keys that are no hash, and URLs that are no text`() {
        #expect(throws: ReconstructionError.malformed(path: "fetch_info", reason: "key is not a hash")) {
            try parse(Self.v1(key: "x"))
        }
        #expect(throws: ReconstructionError.self) { try parse(Self.v1(url: "null")) }
        #expect(throws: ReconstructionError.self) { try parse(Self.v1(url: "1")) }
    }

    @Test func `an offset beyond the terms`() throws {
        #expect(try parse(Self.v1(offset: "30")).byteCount == 0)
        #expect(throws: ReconstructionError.offsetBeyondTerms(offset: 31, byteCount: 30)) {
            try parse(Self.v1(offset: "31"))
        }
        #expect(throws: ReconstructionError.offsetBeyondTerms(offset: .max, byteCount: 30)) {
            try parse(Self.v1(offset: "18446744073709551615"))
        }
    }

    @Test func `a term that no range holds`() throws {
        let other = String(Self.xorb.reversed())
        for json in [
            Self.v1(range: #"{"start":0,"end":2}"#, bytes: #"{"start":0,"end":53}"#),
            Self.v1(range: #"{"start":1,"end":4}"#), Self.v1(key: other),
            // Two ranges that hold it only together.
            """
            {"offset_into_first_range":0,"terms":[{"hash":"\(Self.xorb)","unpacked_length":30,"range":{"start":0,"end":3}}],
             "fetch_info":{"\(Self.xorb)":[
              {"range":{"start":0,"end":2},"url":"https://cdn.example/x","url_range":{"start":0,"end":35}},
              {"range":{"start":2,"end":4},"url":"https://cdn.example/x","url_range":{"start":36,"end":71}}]}}
            """,
        ] {
            let xorb = try #require(XorbHash(Self.xorb))
            #expect(throws: ReconstructionError.termWithoutFetch(index: 0, xorb: xorb)) { try parse(json) }
        }
    }

    @Test(arguments: [
        "", " ", "null", "[]", "1", "\"x\"", "{", "{}", #"{"terms":[],"fetch_info":{},"xorbs":{}}"#,
        #"{"offset_into_first_range":0,"fetch_info":{},"xorbs":{}}"#,
        #"{"offset_into_first_range":0,"terms":[]}"#,
        #"{"offset_into_first_range":0,"terms":{},"fetch_info":{},"xorbs":{}}"#,
        #"{"offset_into_first_range":0,"terms":[],"fetch_info":[],"xorbs":[]}"#,
        #"{"offset_into_first_range":0,"terms":[null],"fetch_info":{},"xorbs":{}}"#,
        #"{"offset_into_first_range":0,"terms":[],"fetch_info":{},"xorbs":{}"#,
        #"{"offset_into_first_range":0,"terms":[],"fetch_info":{},"xorbs":{}}}"#, "\u{0}",
    ])
    func `what is no answer`(json: String) {
        for version in ReconstructionVersion.allCases {
            #expect(throws: ReconstructionError.self) { try parse(json, version) }
        }
    }

    @Test func `bytes that are not UTF-8`() {
        #expect(throws: ReconstructionError.self) { try Reconstruction(json: Data([0xFF, 0xFE, 0x00]), version: .v1) }
    }

    @Test func `deep nesting`() {
        let json = String(repeating: "[", count: 100_000)
        #expect(throws: ReconstructionError.self) { try parse(json) }
    }

    /// The lengths of many terms, each as long as it may be, add up without a trap.
    @Test func `sums that could overflow`() throws {
        let count = 40_000
        let end = 1 << 20
        let term = #"{"hash":"\#(Self.xorb)","unpacked_length":\#(end * 131_072),"range":{"start":0,"end":\#(end)}}"#
        let json = """
            {"offset_into_first_range":0,"terms":[\(repeatElement(term, count: count).joined(separator: ","))],
             "fetch_info":{"\(Self.xorb)":[{"range":{"start":0,"end":\(end)},"url":"https://cdn.example/x","url_range":{"start":0,"end":\(end * 100)}}]}}
            """
        #expect(try parse(json).byteCount == UInt64(count) * UInt64(end) * 131_072)
        #expect(throws: ReconstructionError.self) {
            try parse(
                Self.v1(length: "1", term: #"{"start":0,"end":\#(end + 1)}"#, range: #"{"start":0,"end":\#(end + 1)}"#)
            )
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `damaged answers never trap`(seed: UInt64) throws {
        var mutator = Mutator(seed: seed)
        for version in ReconstructionVersion.allCases {
            let original = try Vectors.golden("reconstruction/mix_\(version.rawValue)_range.json")
            let json = Data(mutator.mutated(original))
            if let reconstruction = try? Reconstruction(json: json, version: version) {
                #expect(reconstruction.byteCount <= reconstruction.termByteCount)
                #expect(reconstruction.terms.allSatisfy { reconstruction.fetchInfo(for: $0) != nil })
            }
        }
    }
}
