import Testing

@testable import XetWire

@Suite struct ContentCodingsTests {
    @Test(
        arguments: [
            ([], []), ([""], []), (["identity"], []), (["IDENTITY , ,"], []), (["gzip"], ["gzip"]),
            (["X-GZip"], ["gzip"]),
            (["x-compress"], ["compress"]), (["gzip, br"], ["gzip", "br"]),
            (["gzip", "identity", "\tzstd "], ["gzip", "zstd"]),
        ] as [([String], [String])]
    )
    func `names`(values: [String], names: [String]) {
        #expect(ContentCodings(values).names == names)
        #expect(ContentCodings(values).isEmpty == names.isEmpty)
    }

    @Test(
        arguments: [
            ("gzip", ["gzip, deflate"], true), ("x-gzip", ["GZIP;q=0.5"], true), ("gzip", ["x-gzip"], true),
            ("br", ["gzip, deflate"], false), ("gzip, br", ["gzip"], false), ("gzip, br", ["gzip", "br"], true),
            ("gzip", ["identity"], false), ("gzip", [], false), ("gzip", [""], false), ("gzip", ["*"], true),
            ("gzip", ["*;q=0"], false), ("gzip", ["*, gzip;q=0"], false), ("gzip", ["gzip ; q=0.000"], false),
            ("gzip", ["gzip;q=0.001"], true), ("unheard-of", ["gzip"], false), ("unheard-of", ["unheard-of"], true),
            ("identity", ["gzip"], true), ("", [], true),
        ] as [(String, [String], Bool)]
    )
    func `which a request lets through`(coding: String, accepted: [String], isAccepted: Bool) {
        #expect(ContentCodings([coding]).areAccepted(by: accepted) == isAccepted)
    }

    @Test func `a long list is not printed whole`() {
        #expect(ContentCodings([String(repeating: "gzip,", count: 1000)]).description.count == 60)
    }
}
