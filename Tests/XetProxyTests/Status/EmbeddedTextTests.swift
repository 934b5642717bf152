import Testing

@testable import XetProxy

@Suite struct EmbeddedTextTests {
    @Test(arguments: [
        ("", ""), ("plain", "plain"), ("{{name}}", "Hub"), ("a {{name}}, {{name}}b", "a Hub, Hubb"),
        ("{{other}}!", "!"),
        ("{{", "{{"), ("{{name", "{{name"), ("}}{{name}}", "}}Hub"), ("{{ name }}", "{{ name }}"),
        ("{{{{name}}", "{{Hub"),
        ("{a: {{name}}}", "{a: Hub}"), ("{{a b}}{{name}}", "{{a b}}Hub"), ("{{name}}ü", "Hubü"),
    ])
    func `names are filled, all else stays`(text: String, expected: String) {
        #expect(EmbeddedText(Array(text.utf8)).filled(["name": "Hub"]) == expected)
    }

    @Test func `what is put in is not looked at`() {
        #expect(EmbeddedText(Array("{{name}}".utf8)).filled(["name": "{{name}}"]) == "{{name}}")
    }

    @Test func `files are texts`() {
        #expect(EmbeddedText.style.contains("color-scheme"))
        #expect(EmbeddedText.script.contains("\"use strict\""))
        #expect(!EmbeddedText.openAPI.contains("{{"))
    }
}
