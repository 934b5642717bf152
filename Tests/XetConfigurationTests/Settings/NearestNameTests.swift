import Testing

@testable import XetConfiguration

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("port", "port", 0), ("prot", "port", 1), ("pot", "port", 1), ("ports", "port", 1), ("part", "port", 1),
        ("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("ca", "abc", 3), ("abcd", "badc", 2),
    ])
    func distances(left: String, right: String, expected: Int) {
        #expect(NearestName.distance(Array(left.utf8), Array(right.utf8)) == expected)
        #expect(NearestName.distance(Array(right.utf8), Array(left.utf8)) == expected)
    }

    @Test(
        arguments: [
            ("prot", "port"), ("MAX_DOWNLOADS", "max-downloads"), ("max-download", "max-downloads"), ("hots", "host"),
            ("max-downlods-per-cleint", "max-downloads-per-client"), ("h2", "h2c"), ("x", nil),
            ("completely-else", nil),
            ("", nil),
        ] as [(String, String?)]
    )
    func nearest(text: String, expected: String?) {
        let names = ["host", "port", "h2c", "max-downloads", "max-downloads-per-client"]
        #expect(NearestName.find(text, among: names) == expected)
    }

    @Test func `something very long is no name`() {
        let long = String(repeating: "x", count: 65)
        #expect(NearestName.find(long, among: [long]) == nil)
    }
}
