import Testing

@testable import XetOrigin

@Suite struct HTTPDateTests {
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
        (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.000Z"),
    ])
    func `writes dates`(seconds: Int, text: String, isoText: String) {
        #expect(HTTPDate.text(unixSeconds: seconds) == text)
        #expect(HTTPDate.isoText(unixSeconds: seconds) == isoText)
    }

    @Test func `has no text for a year of five digits`() {
        #expect(HTTPDate.text(unixSeconds: 300_000_000_000) == nil)
    }
}
