import Testing

@testable import XetConfiguration

@Suite struct ShownTests {
    @Test(arguments: [
        ("plain", "plain"), ("a\nb\u{1B}[0m", "a?b?[0m"), ("https://user:token@hub/x", "https://***@hub/x"),
        ("https://token@hub", "https://***@hub"), ("user:token@hub", "***@hub"), ("https:/u:token@hub", "***@hub"),
        ("https://u:t@oken@hub", "https://***@hub"), ("//u:token@hub", "//***@hub"), ("ftp://u:token@", "ftp://***@"),
    ])
    func `what is shown`(text: String, shown: String) {
        #expect(Shown.text(text) == shown)
    }

    @Test func `no more than a line`() {
        #expect(Shown.text(String(repeating: "x", count: 1000)).count == 83)
    }
}
