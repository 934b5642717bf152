import Testing
import XetCore
import XetTestSupport

@testable import XetWire

@Suite struct ReconstructionLayoutTests {
    private static let xorb = String(repeating: "ab", count: 32)

    private static func term(_ range: String, length: String = "1000") -> String {
        #"{"hash":"\#(xorb)","unpacked_length":\#(length),"range":\#(range),"more":[1,{"a":null}]}"#
    }

    private static func layout(_ json: String) -> ReconstructionLayout? { ReconstructionLayout(Array(json.utf8)) }

    @Test(arguments: [#""fetch_info":{}"#, #""xorbs":{"x":[{"url":"u","ranges":[]}]}"#])
    func `terms are read, whatever else there is`(rest: String) throws {
        let terms = [Self.term(#"{"start":0,"end":3}"#), Self.term(#"{"end":9,"start":5}"#, length: "7")]
        let json = #"{"offset_into_first_range":17,"terms":[\#(terms.joined(separator: ", "))],\#(rest)}"#
        let layout = try #require(Self.layout(json))
        let xorb = try #require(XorbHash(Self.xorb))
        #expect(layout.offsetIntoFirstTerm == 17)
        #expect(
            try layout.terms == [
                Term(xorb: xorb, chunks: #require(ChunkRange(start: 0, end: 3)), unpackedByteCount: 1000),
                Term(xorb: xorb, chunks: #require(ChunkRange(start: 5, end: 9)), unpackedByteCount: 7),
            ]
        )
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"terms":[]}"#, #"{"offset_into_first_range":0,"terms":[]}"#,
        #"{"offset_into_first_range":0,"terms":{}}"#,
        #"{"offset_into_first_range":0,"terms":[\#(term(#"{"start":3,"end":3}"#))]}"#,
        #"{"offset_into_first_range":0,"terms":[\#(term(#"{"start":0,"end":99999999999}"#))]}"#,
        #"{"offset_into_first_range":0,"terms":[\#(term(#"{"start":0,"end":1}"#, length: "131073"))]}"#,
        #"{"offset_into_first_range":0,"terms":[\#(term(#"{"start":0,"end":1}"#, length: "1.5"))]}"#,
        #"{"offset_into_first_range":-1,"terms":[\#(term(#"{"start":0,"end":1}"#))]}"#,
        #"{"offset_into_first_range":0,"terms":[\#(term(#"{"start":0,"end":1}"#)),"#,
        #"{"terms":[\#(term(#"{"start":0,"end":1}"#))]}"#,
    ])
    func `what is no reconstruction has none`(json: String) {
        #expect(Self.layout(json) == nil)
    }
}
