import FuzzDriver
import HTTPTypes
import XetCore
import XetWire

/// Header values, addresses and percent-encoding.
@main
enum FuzzHeaders {
    static func main() {
        unsafe runFuzzer { start, count in
            check(String(decoding: unsafe fuzzInput(start, count), as: UTF8.self))
            return 0
        }
    }
}

private func check(_ text: String) {
    if let range = RangeHeader(text) {
        for size in [0, 1, 100, UInt64.max] as [UInt64] {
            guard let resolved = range.resolved(byteCount: size) else { continue }
            precondition(!resolved.isEmpty && resolved.end <= size)
        }
    }
    if let range = ContentRangeHeader(text) {
        precondition(ContentRangeHeader(range.value) == range)
    }
    if let tag = EntityTag(text) {
        precondition(EntityTag(tag.value) == tag)
    }
    let codings = ContentCodings([text])
    precondition(ContentCodings(codings.names) == codings)
    precondition(codings.areAccepted(by: ["*"]))
    _ = codings.areAccepted(by: [text])
    precondition(RateLimitHeader.wait([.rateLimit: text]).map { (0...86_400).contains($0) } ?? true)
    if let address = IPAddress(text) {
        precondition(IPAddress(anySpelling: text) == address)
        _ = address.scope
    }
    _ = IPAddress(anySpelling: text)?.scope
    if let boundary = MultipartBoundary(contentType: text) {
        precondition(MultipartBoundary(boundary.text) == boundary)
    }
    let links = LinkHeader(parsing: text)
    precondition(LinkHeader(parsing: links.value) == links)
    if let address = HTTPAddress(text) {
        precondition(HTTPAddress(address.absolute) == address)
        precondition(address.resolving("/x")?.origin == address.origin)
    }
    _ = HTTPAddress("https://hub.example/a/b")?.resolving(text)
    if let decoded = PercentEncoding.decode(text) {
        precondition(PercentEncoding.decode(PercentEncoding.encode(segment: decoded)) == decoded)
        precondition(PercentEncoding.decode(PercentEncoding.encode(path: decoded)) == decoded)
    }
}
