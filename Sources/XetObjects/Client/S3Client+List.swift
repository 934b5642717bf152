import HTTPTypes
public import XetAccess
import XetClient
import XetWire

extension S3Client {
    /// A list of 1000 keys has some 400 KB, with keys of the greatest length 4 MB.
    private static let maximumListByteCount = 8 << 20
    /// Pages without an object of ours that are read for one that has some.
    private static let maximumPageCount = 1000

    /// What of a page matters.
    private struct Page {
        var objects: [ListedObject] = []
        /// The last key, whatever it is.
        var lastKey: String?
        var hasMore = false
    }

    public func list(_ prefix: String, after name: String?) async throws -> [ListedObject] {
        guard ObjectName.isPrefix(prefix) else {
            throw ObjectStoreError(.invalid, "no object's name begins with what is to be listed")
        }
        var start = try name.map { name throws(ObjectStoreError) in try key(name) }
        for _ in 0..<Self.maximumPageCount {
            let page = try await page(location.key(prefix), after: start)
            if !page.objects.isEmpty || !page.hasMore { return page.objects }
            guard let last = page.lastKey, last != start else {
                throw ObjectStoreError(.invalid, "a list of \(location) by \(address.origin) does not go on")
            }
            start = last
        }
        throw ObjectStoreError(.invalid, "\(location) holds too much that is no object of ours")
    }

    private func page(_ prefix: String, after start: String?) async throws -> Page {
        var query: [(name: String, value: String)] = [
            ("list-type", "2"), ("encoding-type", "url"), ("prefix", prefix), ("max-keys", "1000"),
        ]
        if let start { query.append(("start-after", start)) }
        let call = S3Call(method: .get, key: "", query: query)
        switch try await answer(to: call, accepting: [200]) {
        case .failure(let failure): throw self.failure(failure, "cannot list")
        case .success(let answer):
            let body = try await answer.bytes(upTo: Self.maximumListByteCount, within: bodyTimeout)
            guard let page = self.page(body, start) else {
                throw ObjectStoreError(.invalid, "\(address.origin) answered no list of \(location)")
            }
            return page
        }
    }

    /// `nil` for what is no list.
    private func page(_ body: [UInt8], _ start: String?) -> Page? {
        guard let root = try? S3XML.parse(body), root.name == "ListBucketResult",
            let isTruncated = root["IsTruncated"]?.text, ["true", "false"].contains(isTruncated)
        else { return nil }
        let isEncoded = root["EncodingType"]?.text == "url"
        let base = location.key("")
        var page = Page(hasMore: isTruncated == "true")
        for element in root.all("Contents") {
            guard let text = element["Key"]?.text, let key = isEncoded ? Self.decoded(text) : text else { return nil }
            page.lastKey = key
            // A store that does not know `start-after` would begin again and again.
            guard key != start else { return nil }
            guard key.hasPrefix(base), case let name = String(key.dropFirst(base.count)), ObjectName.isValid(name)
            else {
                continue
            }
            guard let size = (element["Size"]?.text).flatMap({ Int($0) }), size >= 0,
                let date = (element["LastModified"]?.text).flatMap({ HTTPDate(iso: $0) })
            else { return nil }
            page.objects.append(ListedObject(name: name, byteCount: size, time: date.unixSeconds))
        }
        return page
    }

    /// Encoded as in forms, where `+` is a blank.
    private static func decoded(_ text: String) -> String? {
        PercentEncoding.decode(text.replacing("+", with: " "))
    }
}
