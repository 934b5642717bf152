package import HTTPTypes
package import Hummingbird
package import NIOCore

/// Takes the body of an answer.
package struct BodyCollector: ResponseBodyWriter {
    private actor Contents {
        var text = ""
        var isFinished = false

        func append(_ text: String) { self.text += text }
        func finish() { isFinished = true }
    }

    private let contents = Contents()

    package init() {}

    package var text: String { get async { await contents.text } }
    package var isFinished: Bool { get async { await contents.isFinished } }

    package func write(_ buffer: ByteBuffer) async throws { await contents.append(String(buffer: buffer)) }
    package func finish(_ trailingHeaders: HTTPFields?) async throws { await contents.finish() }
}

extension Response {
    /// The whole body as text.
    package func text() async throws -> String {
        let collector = BodyCollector()
        try await body.write(collector)
        return await collector.text
    }
}

extension Request {
    /// A request without a body.
    package static func plain(
        _ path: String,
        method: HTTPRequest.Method = .get,
        authority: String? = "proxy.example:8080",
        headers: HTTPFields = [:]
    ) -> Request {
        let head = HTTPRequest(method: method, scheme: "http", authority: authority, path: path, headerFields: headers)
        return Request(head: head, body: RequestBody(buffer: ByteBuffer()))
    }
}
