import FoundationEssentials
import Testing
import XetCore

@testable import XetProxy

@Suite struct OpenAPIDocumentTests {
    private struct Document: Decodable {
        struct Info: Decodable { let version: String }
        struct Operation: Decodable {
            let operationId: String
            let responses: [String: Ignored]
        }
        struct Ignored: Decodable {}

        let openapi: String
        let info: Info
        let paths: [String: [String: Operation]]
        let components: [String: [String: Ignored]]
    }

    private static func document() throws -> Document {
        try JSONDecoder().decode(Document.self, from: Data(EmbeddedText.openAPI.utf8))
    }

    @Test func `it is JSON, of this version`() throws {
        let document = try Self.document()
        #expect(document.openapi == "3.1.0")
        #expect(document.info.version == XetVersion.current)
    }

    @Test func `every reference leads somewhere, and every component is used`() throws {
        let components = try Self.document().components
        let references = EmbeddedText.openAPI.split(separator: ##""$ref": "#/components/"##).dropFirst().map {
            $0.prefix { $0 != "\"" }
        }
        let defined = components.filter { $0.key != "securitySchemes" }.flatMap { kind, names in
            names.keys.map { "\(kind)/\($0)" }
        }
        #expect(Set(references.map(String.init)) == Set(defined))
    }

    @Test func `operations have names of their own, and answers`() throws {
        let operations = try Self.document().paths.values.flatMap(\.values)
        #expect(Set(operations.map(\.operationId)).count == operations.count)
        #expect(operations.allSatisfy { !$0.responses.isEmpty })
    }

    @Test(arguments: [
        "/", "/ui.css", "/ui.js", "/events", "/openapi.json", "/health", "/livez", "/readyz", "/metrics",
    ])
    func `the proxy's own routes are in it`(path: String) throws {
        #expect(RequestRoute(ownPath: path)?.isStatus == true)
        #expect(try Self.document().paths[path]?["get"] != nil)
    }
}
