import Testing
import XetClient

@Suite struct StatusLabelTests {
    @Test(arguments: [
        (200, "200"), (206, "206"), (404, "404"), (499, "499"), (503, "503"), (299, "2xx"), (418, "4xx"), (599, "5xx"),
        (100, "1xx"), (99, "other"), (600, "other"), (-1, "other"), (999, "other"),
    ])
    func `labels`(code: Int, label: String) {
        #expect(StatusLabel.text(code) == label)
    }

    @Test func `no server can make up many`() {
        #expect(Set((-1000..<2000).map(StatusLabel.text)).count < 40)
    }
}
