import HTTPTypes
import Hummingbird
import Testing
import XetAccess
import XetServer
import XetServerTestSupport
import XetWire

@testable import XetProxy

@Suite struct IndexPageTests {
    private static func page(
        _ report: StatusReport,
        publicAddress: String? = nil,
        allowAnonymous: Bool = false,
        authority: String? = "proxy.example:8080"
    ) async throws -> Response {
        let address = PublicAddress(
            configured: publicAddress.flatMap { HTTPAddress($0) },
            settings: ReloadableSettings()
        )
        return IndexPage(publicAddress: address, allowAnonymous: allowAnonymous)
            .respond(report, Request.plain("/", authority: authority).head, peer: nil)
    }

    @Test func `commands name the address that the client uses`() async throws {
        let report = StatusSamples.report(TransferBook())
        let html = try await Self.page(report).text()
        #expect(html.contains("  http://proxy.example:8080/download/OWNER/REPO/PATH"))
        #expect(html.contains("export HF_ENDPOINT=http://proxy.example:8080\nhf download OWNER/REPO"))
        #expect(html.contains("-H &quot;Authorization: Bearer $HF_TOKEN&quot;"))
        let behind = try await Self.page(report, publicAddress: "https://files.example/xet/").text()
        #expect(behind.contains("  https://files.example/xet/download/OWNER/REPO/PATH"))
        #expect(!behind.contains("proxy.example"))
        let open = try await Self.page(report, allowAnonymous: true).text()
        #expect(open.contains("curl -fL -O"))
    }

    @Test func `every place of the page is filled, and nothing is made for none`() throws {
        let address = PublicAddress(configured: nil, settings: ReloadableSettings())
        let page = IndexPage(publicAddress: address, allowAnonymous: false)
        let values = page.values(StatusSamples.report(TransferBook()), base: "http://proxy.example", root: "")
        #expect(EmbeddedText.page.names == Set(values.keys))
    }

    @Test func `the public Hub has a file to try`() async throws {
        let report = StatusSamples.report(TransferBook(), hub: "https://huggingface.co")
        #expect(try await Self.page(report).text().contains("/download/openai-community/gpt2/model.safetensors"))
    }

    @Test(arguments: [
        "evil.example/<script>alert('1')</script>", "evil.example\"><b>", "<b>.example", "a b", "", nil,
    ])
    func `no host gets markup into the page`(authority: String?) async throws {
        let report = StatusSamples.report(TransferBook(), hub: "https://hub\"><b>")
        let html = try await Self.page(report, authority: authority).text()
        #expect(!html.contains("<script>"))
        #expect(!html.contains("<b>"))
        #expect(!html.contains("\"><b"))
        #expect(html.contains("https://hub&quot;&gt;&lt;b&gt;"))
    }

    @Test func `no name gets markup into the page`() async throws {
        let book = TransferBook()
        let token = HubToken("hf_alice")
        let transfer = book.begin(StatusSamples.subject("<i>\"'&.bin"))
        book.note(StatusSamples.failure("<i>cause", caller: token))
        let html = try await Self.page(StatusSamples.report(book, for: token)).text()
        #expect(!html.contains("<i>"))
        #expect(html.contains("acme/model/&lt;i&gt;&quot;&#39;&amp;.bin"))
        #expect(html.contains("&lt;i&gt;cause"))
        transfer.end(.finished)
    }

    @Test func `what runs and what failed is in the page`() async throws {
        let book = TransferBook()
        let transfer = book.begin(StatusSamples.subject("model.bin", byteCount: 4096))
        let hidden = book.begin(StatusSamples.subject("hidden.bin", byteCount: nil, visibility: .unknown))
        transfer.note(1024)
        book.note(StatusSamples.failure("hidden cause"))
        let html = try await Self.page(StatusSamples.report(book)).text()
        #expect(html.contains(#"<span class="name">acme/model/model.bin</span>"#))
        #expect(html.contains(#"<progress aria-label="acme/model/model.bin" max="4096" value="1024"></progress>"#))
        #expect(html.contains("1.0 KiB of 4.0 KiB"))
        #expect(html.contains(#"<span class="name hidden-name">a private file</span>"#))
        #expect(html.contains(#"<progress aria-label="a private file" hidden></progress>"#))
        #expect(!html.contains("hidden.bin"))
        #expect(html.contains(#"<span class="status">502</span><span class="summary">corrupt</span>"#))
        #expect(html.contains("download · 12 s ago"))
        #expect(!html.contains("hidden cause"))
        #expect(html.contains(#"<dd id="uptime">1 h 2 min</dd>"#))
        #expect(html.contains(#"id="no-transfers" hidden"#))
        transfer.end(.finished)
        hidden.end(.finished)
        let idle = try await Self.page(StatusSamples.report(book)).text()
        #expect(idle.contains(#"id="no-transfers">"#))
        #expect(!idle.contains("<li><span class=\"name" + "\">acme"))
    }

    @Test func `nothing comes from elsewhere, and nothing is inline`() async throws {
        let response = try await Self.page(StatusSamples.report(TransferBook()))
        let policy = try #require(response.headers[.contentSecurityPolicy])
        #expect(policy.hasPrefix("default-src 'none'; "))
        #expect(!policy.contains("unsafe"))
        #expect(response.headers[.cacheControl] == "no-store")
        #expect(response.headers[.contentType] == "text/html; charset=utf-8")
        let html = try await response.text()
        #expect(!html.contains("<style") && !html.contains(" style=") && !html.contains(#/ on[a-z]+=/#))
        #expect(html.components(separatedBy: "<script").count == 2)
        #expect(html.contains(#"<script src="ui.js" defer></script>"#))
    }
}

extension String {
    /// The parts between occurrences of `separator`.
    fileprivate func components(separatedBy separator: String) -> [Substring] { split(separator: separator) }
}
