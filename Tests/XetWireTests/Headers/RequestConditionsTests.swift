import HTTPTypes
import Testing
import XetWire

@Suite struct RequestConditionsTests {
    private static let changed = HTTPDate(unixSeconds: 784_111_777)
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let earlier = "Sun, 06 Nov 1994 08:49:36 GMT"
    private static let later = "Sun, 06 Nov 1994 08:49:38 GMT"

    private func outcome(
        _ headers: HTTPFields,
        etag: String? = "\"v1\"",
        lastModified: HTTPDate? = changed
    ) -> RequestConditions.Outcome {
        let current = Validators(etag: etag.flatMap { EntityTag($0) }, lastModified: lastModified)
        return RequestConditions(headers).outcome(current)
    }

    @Test func `nothing is demanded`() {
        #expect(outcome([:]) == .met)
        #expect(outcome([:], etag: nil, lastModified: nil) == .met)
        #expect(outcome([.range: "bytes=0-0", .ifRange: "\"v2\""]) == .met)
    }

    // MARK: If-Match

    @Test(arguments: ["*", "\"v1\"", "\"x\", \"v1\"", "W/\"v1\", \"v1\""])
    func `this version is wanted`(value: String) {
        #expect(outcome([.ifMatch: value]) == .met)
    }

    @Test(arguments: ["\"v2\"", "W/\"v1\"", "\"x\", \"y\"", "", "\"v1", "\"x\", *"])
    func `another version is wanted`(value: String) {
        #expect(outcome([.ifMatch: value]) == .failed)
    }

    @Test func `a weak tag, or none, is never the wanted one`() {
        #expect(outcome([.ifMatch: "\"v1\""], etag: "W/\"v1\"") == .failed)
        #expect(outcome([.ifMatch: "W/\"v1\""], etag: "W/\"v1\"") == .failed)
        #expect(outcome([.ifMatch: "\"v1\""], etag: nil) == .failed)
        #expect(outcome([.ifMatch: "*"], etag: nil) == .met)
    }

    // MARK: If-Unmodified-Since

    @Test func `unchanged since a date`() {
        #expect(outcome([.ifUnmodifiedSince: Self.date]) == .met)
        #expect(outcome([.ifUnmodifiedSince: Self.later]) == .met)
        #expect(outcome([.ifUnmodifiedSince: Self.earlier]) == .failed)
        #expect(outcome([.ifUnmodifiedSince: "Sunday, 06-Nov-94 08:49:36 GMT"]) == .failed)
        #expect(outcome([.ifUnmodifiedSince: "Sun Nov  6 08:49:36 1994"]) == .failed)
    }

    @Test(arguments: ["", "yesterday", "0", "Sun, 06 Nov 1993 08:49:37 GMT, Sun, 06 Nov 1993 08:49:37 GMT"])
    func `what is no date demands nothing`(value: String) {
        #expect(outcome([.ifUnmodifiedSince: value]) == .met)
        #expect(outcome([.ifModifiedSince: value]) == .met)
    }

    @Test func `dates mean nothing where none is known`() {
        #expect(outcome([.ifUnmodifiedSince: Self.earlier], lastModified: nil) == .met)
        #expect(outcome([.ifModifiedSince: Self.later], lastModified: nil) == .met)
    }

    // MARK: If-None-Match

    @Test(arguments: ["*", "\"v1\"", "W/\"v1\"", "\"x\",W/\"v1\" , \"y\""])
    func `the client has this version`(value: String) {
        #expect(outcome([.ifNoneMatch: value]) == .notModified)
        #expect(outcome([.ifNoneMatch: value], etag: "W/\"v1\"") == .notModified)
    }

    @Test(arguments: ["\"v2\"", "\"x\", \"y\"", "", "\"v1", ",", "\"x\", *"])
    func `the client has others`(value: String) {
        #expect(outcome([.ifNoneMatch: value]) == .met)
    }

    @Test func `a file without a tag is there all the same`() {
        #expect(outcome([.ifNoneMatch: "*"], etag: nil) == .notModified)
        #expect(outcome([.ifNoneMatch: "\"v1\""], etag: nil) == .met)
    }

    // MARK: If-Modified-Since

    @Test func `changed since a date`() {
        #expect(outcome([.ifModifiedSince: Self.earlier]) == .met)
        #expect(outcome([.ifModifiedSince: Self.date]) == .notModified)
        #expect(outcome([.ifModifiedSince: Self.later]) == .notModified)
        #expect(outcome([.ifModifiedSince: "Sunday, 06-Nov-94 08:49:37 GMT"]) == .notModified)
        #expect(outcome([.ifModifiedSince: "Sun Nov  6 08:49:37 1994"]) == .notModified)
    }

    // MARK: Which counts

    @Test func `tags count before dates`() {
        #expect(outcome([.ifMatch: "\"v1\"", .ifUnmodifiedSince: Self.earlier]) == .met)
        #expect(outcome([.ifMatch: "\"v2\"", .ifUnmodifiedSince: Self.later]) == .failed)
        #expect(outcome([.ifNoneMatch: "\"v2\"", .ifModifiedSince: Self.later]) == .met)
        #expect(outcome([.ifNoneMatch: "\"v1\"", .ifModifiedSince: Self.earlier]) == .notModified)
    }

    @Test func `another version counts before what the client has`() {
        #expect(outcome([.ifMatch: "\"v2\"", .ifNoneMatch: "\"v1\""]) == .failed)
        #expect(outcome([.ifUnmodifiedSince: Self.earlier, .ifNoneMatch: "\"v1\""]) == .failed)
        #expect(outcome([.ifUnmodifiedSince: Self.earlier, .ifModifiedSince: Self.later]) == .failed)
        #expect(outcome([.ifMatch: "\"v1\"", .ifNoneMatch: "*"]) == .notModified)
        #expect(outcome([.ifMatch: "*", .ifModifiedSince: Self.date]) == .notModified)
        #expect(outcome([.ifUnmodifiedSince: Self.date, .ifModifiedSince: Self.date]) == .notModified)
    }

    // MARK: If-Range

    private func permitsRange(
        _ condition: String?,
        etag: String? = "\"v1\"",
        lastModified: HTTPDate? = changed,
        age: Int64 = 60
    ) -> Bool {
        var headers: HTTPFields = [:]
        headers[.ifRange] = condition
        let current = Validators(etag: etag.flatMap { EntityTag($0) }, lastModified: lastModified)
        let now = HTTPDate(unixSeconds: Self.changed.unixSeconds + age)
        return RequestConditions(headers).permitRange(current, now: now)
    }

    @Test func `a strong tag lets a range count`() {
        #expect(permitsRange(nil))
        #expect(permitsRange("\"v1\""))
        for value in ["\"v2\"", "W/\"v1\"", "\"v1\", \"v2\"", "*", "v1", "", "\"v1"] {
            #expect(!permitsRange(value), "\(value)")
        }
        #expect(!permitsRange("\"v1\"", etag: "W/\"v1\""))
        #expect(!permitsRange("\"v1\"", etag: nil))
    }

    @Test func `a date lets a range count if it is exactly that of the file, and not a fresh one`() {
        #expect(permitsRange(Self.date))
        #expect(permitsRange("Sunday, 06-Nov-94 08:49:37 GMT"))
        #expect(permitsRange(Self.date, etag: nil))
        #expect(!permitsRange(Self.earlier))
        #expect(!permitsRange(Self.later))
        #expect(!permitsRange(Self.date, lastModified: nil))
        for age: Int64 in [-1000, 0, 1, 59] { #expect(!permitsRange(Self.date, age: age)) }
    }
}
