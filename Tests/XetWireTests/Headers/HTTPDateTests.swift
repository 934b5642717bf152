import Testing
import XetWire

@Suite struct HTTPDateTests {
    private static let noon2026 = HTTPDate(unixSeconds: 1_795_867_200)

    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT", "1969-12-31T23:59:59.000Z"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.000Z"),
            (951_868_799, "Tue, 29 Feb 2000 23:59:59 GMT", "2000-02-29T23:59:59.000Z"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT", "2000-03-01T00:00:00.000Z"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01T00:00:00.000Z"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT", "2100-02-28T23:59:59.000Z"),
            (-62_135_596_800, "Mon, 01 Jan 0001 00:00:00 GMT", "0001-01-01T00:00:00.000Z"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59.000Z"),
        ] as [(Int64, String, String)]
    )
    func `writes dates and reads them`(seconds: Int64, text: String, isoText: String) {
        let date = HTTPDate(unixSeconds: seconds)
        #expect(date.text == text)
        #expect(date.isoText == isoText)
        #expect(HTTPDate(text) == date)
    }

    @Test func `every day of 400 years is the one after the day before`() {
        var weekdays: [Substring] = []
        var months = Set<Substring>()
        for day in 0..<146_097 {
            let date = HTTPDate(unixSeconds: Int64(day) * 86_400 + 3723)
            let text = date.text ?? ""
            #expect(HTTPDate(text) == date)
            weekdays.append(text.prefix(3))
            months.insert(text.dropFirst(8).prefix(3))
        }
        #expect(months.count == 12)
        #expect(weekdays.prefix(7) == ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"])
        #expect(zip(weekdays, weekdays.dropFirst(7)).allSatisfy(==))
        #expect(HTTPDate(unixSeconds: 146_097 * 86_400).text == "Thu, 01 Jan 2370 00:00:00 GMT")
    }

    @Test(arguments: [Int64.min, -62_135_596_801, 253_402_300_800, Int64.max])
    func `has no text for a year that has not four digits`(seconds: Int64) {
        #expect(HTTPDate(unixSeconds: seconds).text == nil)
        #expect(!HTTPDate(unixSeconds: seconds).isoText.isEmpty)
    }

    @Test(arguments: [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        "Mon, 06 Nov 1994 08:49:37 GMT",
    ])
    func `reads all three forms`(text: String) {
        #expect(HTTPDate(text, now: Self.noon2026) == HTTPDate(unixSeconds: 784_111_777))
    }

    @Test func `a day of two digits in the form of asctime`() {
        #expect(HTTPDate("Wed Nov 16 08:49:37 1994") == HTTPDate("Wed, 16 Nov 1994 08:49:37 GMT"))
    }

    @Test(arguments: [("26", "2026"), ("76", "2076"), ("77", "1977"), ("99", "1999"), ("00", "2000"), ("70", "2070")])
    func `a year of two digits is at most 50 years ahead`(short: String, long: String) {
        let date = HTTPDate("Sunday, 06-Nov-\(short) 08:49:37 GMT", now: Self.noon2026)
        #expect(date == HTTPDate("Sun, 06 Nov \(long) 08:49:37 GMT"))
        #expect(date != nil)
    }

    @Test func `a leap second`() {
        #expect(HTTPDate("Sat, 31 Dec 2016 23:59:60 GMT") == HTTPDate("Sun, 01 Jan 2017 00:00:00 GMT"))
    }

    @Test(arguments: [
        "", " ", "GMT", "0", "1994", "784111777", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 06 Nov 1994 08:49:37 gmt",
        "sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Sun 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 006 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 29 Feb 2100 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Dec 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, 06 Nov 1994 08:49:37:00 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov -994 08:49:37 GMT",
        "Sun,  06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov 08:49:37 GMT",
        "Sunday, 06--94 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun Nov 06  08:49:37 1994",
        "Sun Nov  6 08:49:37 94", "Sun Nov  6 08:49:37 1994 GMT", "Sun, 06 Nov 1994 08:49:3\u{FF17} GMT",
        "Sun, 06 Nov 1994 08:49:37\u{301} GMT", "\"Sun, 06 Nov 1994 08:49:37 GMT\"",
        String(repeating: "9", count: 100_000),
    ])
    func `what is no date`(text: String) {
        #expect(HTTPDate(text) == nil)
    }

    @Test(arguments: [
        "1994-11-06T08:49:37Z", "1994-11-06T08:49:37.000Z", "1994-11-06T08:49:37.999999999Z", "1994-11-06T08:49:37.5Z",
    ])
    func `a time of XML or JSON`(text: String) {
        #expect(HTTPDate(iso: text) == HTTPDate("Sun, 06 Nov 1994 08:49:37 GMT"))
    }

    @Test func `a time comes back as it was written`() {
        let date = HTTPDate(unixSeconds: 1_709_210_096)
        #expect(HTTPDate(iso: date.isoText) == date)
        #expect(date.isoText == "2024-02-29T12:34:56.000Z")
    }

    @Test(arguments: [
        "", "Z", "TZ", "1994-11-06", "1994-11-06T08:49:37", "1994-11-06T08:49:37+00:00", "1994-11-06 08:49:37Z",
        "1994-11-06T08:49:37z", "1994-11-06t08:49:37Z", "1994-13-06T08:49:37Z", "1994-00-06T08:49:37Z",
        "1994-11-31T08:49:37Z", "1994-11-00T08:49:37Z", "1994-11-06T24:00:00Z", "1994-11-06T08:60:00Z",
        "1994-11-06T08:49:37.Z", "1994-11-06T08:49:37.1.2Z", "1994-11-06T08:49:37.-1Z", "94-11-06T08:49:37Z",
        "+994-11-06T08:49:37Z", "1994-11-6T08:49:37Z", "1994-11-06T08:49Z", "1994-11-06T08:49:37.\u{FF11}Z",
        "1994-11-06T08:49:37." + String(repeating: "9", count: 100_000) + "Z",
    ])
    func `what is no such time`(text: String) {
        #expect(HTTPDate(iso: text) == nil)
    }
}
