import HTTPTypes
import Testing
import XetAccess
import XetCore
import XetWire

@testable import XetProxy

@Suite struct DownloadHeadTests {
    private static let hash = FileHash(words: (1, 2, 3, 4))

    private func head(
        _ fields: HTTPFields = [:],
        method: HTTPRequest.Method = .get,
        byteCount: UInt64? = 1000,
        etag: String? = "\"v1\"",
        lastModified: String? = "Wed, 21 Oct 2015 07:28:00 GMT",
        fileName: String = "file.bin",
        acceptsRanges: Bool = true
    ) -> DownloadHead {
        let request = HTTPRequest(method: method, scheme: "http", authority: "a", path: "/", headerFields: fields)
        let file = ResolvedFile(
            storage: .xet(Self.hash),
            byteCount: byteCount,
            etag: etag,
            commit: "c0ffee",
            lastModified: lastModified
        )
        return DownloadHead(
            request,
            file: file,
            byteCount: byteCount,
            fileName: fileName,
            hash: Self.hash,
            acceptsRanges: acceptsRanges
        )
    }

    // MARK: Whole files

    @Test func `a whole file`() {
        let head = head()
        #expect(head.status == .ok)
        #expect(head.range == FileByteRange(count: 1000))
        #expect(head.headers[.contentLength] == "1000")
        #expect(head.headers[.contentRange] == nil)
        #expect(head.headers[.acceptRanges] == "bytes")
        #expect(head.headers[.eTag] == "\"v1\"")
        #expect(head.headers[.lastModified] == "Wed, 21 Oct 2015 07:28:00 GMT")
        #expect(head.headers[.contentType] == "application/octet-stream")
        #expect(head.headers[.contentDisposition] == "attachment; filename=\"file.bin\"")
        #expect(head.headers[.repoCommit] == "c0ffee")
        #expect(head.headers[.xetHash] == Self.hash.text)
    }

    @Test func `an empty file`() {
        let head = head(byteCount: 0)
        #expect(head.status == .ok)
        #expect(head.headers[.contentLength] == "0")
        #expect(head.range == FileByteRange(count: 0))
    }

    @Test func `no name breaks the header`() {
        let value = head(fileName: "a\r\nX-Evil: 1").headers[.contentDisposition] ?? ""
        #expect(value.utf8.allSatisfy { $0 >= 0x20 })
    }

    @Test func `other headers go along, but none that is decided here`() {
        let file = ResolvedFile(storage: .xet(Self.hash), byteCount: 10, etag: "\"v1\"")
        let head = DownloadHead(
            HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/"),
            file: file,
            byteCount: 10,
            fileName: "file.bin",
            hash: Self.hash,
            headers: [
                .linkedSize: "10", .contentLength: "99", .eTag: "other", .contentType: "text/html",
                .contentDisposition: "inline",
            ]
        )
        #expect(head.headers[.linkedSize] == "10")
        #expect(head.headers[.contentLength] == "10")
        #expect(head.headers[.eTag] == "\"v1\"")
        #expect(head.headers[.contentType] == "application/octet-stream")
        #expect(head.headers[.contentDisposition] == "inline")
    }

    // MARK: Ranges (RFC 9110, section 14)

    @Test(
        arguments: [
            ("bytes=0-0", 0, 1), ("bytes=0-999", 0, 1000), ("bytes=0-5000", 0, 1000), ("bytes=999-", 999, 1000),
            ("bytes=-1", 999, 1000), ("bytes=-5000", 0, 1000),
            ("bytes=100-199", 100, 200), ("BYTES=100-199", 100, 200),
        ] as [(String, UInt64, UInt64)]
    )
    func `ranges`(value: String, start: UInt64, end: UInt64) {
        let head = head([.range: value])
        #expect(head.status == .partialContent)
        #expect(head.range == FileByteRange(start: start, end: end))
        #expect(head.headers[.contentRange] == "bytes \(start)-\(end - 1)/1000")
        #expect(head.headers[.contentLength] == "\(end - start)")
        #expect(head.headers[.eTag] == "\"v1\"")
    }

    @Test(arguments: ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=99999999999999999999999-"])
    func `ranges that cannot be satisfied`(value: String) {
        let head = head([.range: value])
        #expect(head.status == .rangeNotSatisfiable)
        #expect(head.range == nil)
        #expect(head.headers[.contentRange] == "bytes */1000")
        #expect(head.headers[.contentLength] == "0")
        #expect(head.headers[.contentDisposition] == nil)
    }

    @Test func `every range of an empty file`() {
        for value in ["bytes=0-", "bytes=0-0", "bytes=-1"] {
            #expect(head([.range: value], byteCount: 0).status == .rangeNotSatisfiable)
        }
    }

    @Test(arguments: ["", "bytes=5-4", "bytes=0-1,5-6", "chunks=0-1", "bytes=a-b", "bytes"])
    func `ranges that may be ignored`(value: String) {
        #expect(head([.range: value]).status == .ok)
        #expect(head([.range: value]).range == FileByteRange(count: 1000))
    }

    @Test func `only GET has ranges`() {
        let head = head([.range: "bytes=0-0"], method: .head)
        #expect(head.status == .ok)
        #expect(head.headers[.contentLength] == "1000")
    }

    // MARK: If-Range (section 13.1.5)

    @Test(
        arguments: [
            ("\"v1\"", "\"v1\"", true), ("\"v2\"", "\"v1\"", false), ("W/\"v1\"", "\"v1\"", false),
            ("\"v1\"", "W/\"v1\"", false), ("W/\"v1\"", "W/\"v1\"", false),
            ("\"v1\"", nil, false), ("Wed, 21 Oct 2015 07:28:00 GMT", "\"v1\"", true),
            ("Thu, 22 Oct 2015 07:28:00 GMT", "\"v1\"", false),
            ("Tue, 20 Oct 2015 07:28:00 GMT", "\"v1\"", false), ("", "\"v1\"", false), ("\"\"", "\"v1\"", false),
            ("\"v1", "\"v1\"", false),
        ] as [(String, String?, Bool)]
    )
    func `conditions of a range`(condition: String, etag: String?, isMet: Bool) {
        let head = head([.range: "bytes=0-0", .ifRange: condition], etag: etag)
        #expect(head.status == (isMet ? .partialContent : .ok))
    }

    @Test func `a date is no match for a file without one`() {
        let head = head([.range: "bytes=0-0", .ifRange: "Wed, 21 Oct 2015 07:28:00 GMT"], lastModified: nil)
        #expect(head.status == .ok)
    }

    @Test func `a condition without a range means nothing`() {
        #expect(head([.ifRange: "\"v2\""]).status == .ok)
    }

    @Test func `a failed condition makes an impossible range whole`() {
        #expect(head([.range: "bytes=5000-", .ifRange: "\"v2\""]).status == .ok)
        #expect(head([.range: "bytes=5000-", .ifRange: "\"v1\""]).status == .rangeNotSatisfiable)
    }

    // MARK: If-None-Match (section 13.1.2)

    @Test(arguments: ["\"v1\"", "W/\"v1\"", "\"x\", \"v1\"", "\"x\",W/\"v1\" , \"y\"", "*"])
    func `what the client has already`(value: String) {
        for method in [HTTPRequest.Method.get, .head] {
            let head = head([.ifNoneMatch: value, .range: "bytes=0-0"], method: method)
            #expect(head.status == .notModified)
            #expect(head.range == nil)
            #expect(head.headers[.eTag] == "\"v1\"")
            #expect(head.headers[.contentLength] == nil)
            #expect(head.headers[.contentRange] == nil)
        }
    }

    @Test func `a weak tag of ours matches too`() {
        #expect(head([.ifNoneMatch: "\"v1\""], etag: "W/\"v1\"").status == .notModified)
    }

    @Test(arguments: ["\"v2\"", "\"x\", \"y\"", "", "\"\"", "\"v1", ","])
    func `what the client does not have`(value: String) {
        #expect(head([.ifNoneMatch: value]).status == .ok)
    }

    @Test func `a file without a tag matches nothing but any`() {
        #expect(head([.ifNoneMatch: "\"v1\""], etag: nil).status == .ok)
        #expect(head([.ifNoneMatch: "*"], etag: nil).status == .notModified)
    }

    /// A comma may stand inside a tag.
    @Test func `tags with commas`() {
        #expect(head([.ifNoneMatch: "\"a,b\""], etag: "\"a,b\"").status == .notModified)
        #expect(head([.ifNoneMatch: "\"x\", \"a,b\""], etag: "\"a,b\"").status == .notModified)
        #expect(head([.ifNoneMatch: "\"a,b\""], etag: "\"b\"").status == .ok)
    }

    // MARK: If-Match, If-Unmodified-Since, If-Modified-Since (sections 13.1.1, 13.1.3, 13.1.4)

    @Test func `a file that must be the same`() {
        #expect(head([.ifMatch: "\"v1\""]).status == .ok)
        #expect(head([.ifMatch: "*"]).status == .ok)
        #expect(head([.ifMatch: "\"x\", \"v1\""]).status == .ok)
        for value in ["\"v2\"", "W/\"v1\""] {
            let head = head([.ifMatch: value, .range: "bytes=0-0"])
            #expect(head.status == .preconditionFailed)
            #expect(head.range == nil)
        }
        #expect(head([.ifMatch: "\"v1\""], etag: "W/\"v1\"").status == .preconditionFailed)
    }

    @Test func `a file that must not have changed since, or must have`() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT"
        let dayBefore = "Tue, 20 Oct 2015 07:28:00 GMT"
        for method in [HTTPRequest.Method.get, .head] {
            #expect(head([.ifUnmodifiedSince: date], method: method).status == .ok)
            #expect(head([.ifUnmodifiedSince: dayBefore], method: method).status == .preconditionFailed)
            #expect(head([.ifModifiedSince: date], method: method).status == .notModified)
            #expect(head([.ifModifiedSince: dayBefore], method: method).status == .ok)
        }
        #expect(head([.ifModifiedSince: date], lastModified: "yesterday").status == .ok)
        #expect(head([.ifModifiedSince: date], lastModified: nil).status == .ok)
    }

    // MARK: Without a length

    @Test func `a file whose length nobody knows`() {
        let head = head([.range: "bytes=0-0"], byteCount: nil)
        #expect(head.status == .ok)
        #expect(head.hasContent)
        #expect(head.range == nil)
        #expect(head.headers[.contentLength] == nil)
        #expect(head.headers[.acceptRanges] == nil)
        #expect(self.head([.ifNoneMatch: "*"], byteCount: nil).status == .notModified)
        #expect(self.head([.ifMatch: "\"x\""], byteCount: nil).status == .preconditionFailed)
        #expect(!self.head([.ifMatch: "\"x\""], byteCount: nil).hasContent)
    }

    // MARK: Files of which only the whole can be had

    @Test(arguments: [nil, "bytes=0-", "bytes=0-999", "bytes=0-5000", "bytes=-1000", "bytes=1-2,4-5"])
    func `without ranges the whole is the whole, however it is asked for`(range: String?) {
        for method in [HTTPRequest.Method.get, .head] {
            let head = head(range.map { [.range: $0] } ?? [:], method: method, acceptsRanges: false)
            #expect(head.status == .ok)
            #expect(head.range == FileByteRange(count: 1000))
            #expect(head.headers[.acceptRanges] == "none")
            #expect(head.headers[.contentRange] == nil)
            #expect(head.headers[.contentLength] == "1000")
        }
    }

    @Test(arguments: ["bytes=500-", "bytes=0-10", "bytes=-1", "bytes=999-999"])
    func `without ranges a client that says what it has may get the whole instead of a part`(range: String) {
        let conditional = head([.range: range, .ifRange: "\"v1\""], acceptsRanges: false)
        #expect(conditional.status == .ok)
        #expect(conditional.range == FileByteRange(count: 1000))
        // For others it stays a part, which the engine refuses: they may add the whole to what they have.
        #expect(head([.range: range], acceptsRanges: false).range != FileByteRange(count: 1000))
    }
}
