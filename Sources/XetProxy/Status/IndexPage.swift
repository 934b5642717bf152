import HTTPTypes
import Hummingbird
import NIOCore
import XetWire

/// `GET /` for people: what runs here, what it does now, and commands that work on this host.
///
/// Complete without its script, which keeps it current.
struct IndexPage: Sendable {
    let publicAddress: PublicAddress
    let allowAnonymous: Bool

    /// The page with what `report` says; `root` leads from it to the proxy's address.
    func respond(_ report: StatusReport, _ request: HTTPRequest, peer: SocketAddress?, root: String = "") -> Response {
        Response(
            status: .ok,
            headers: .page(contentType: "text/html; charset=utf-8", cacheControl: "no-store"),
            body: ResponseBody(byteBuffer: ByteBuffer(string: html(report, base: base(request, peer), root: root)))
        )
    }

    /// The address of this proxy, without a last slash.
    private func base(_ request: HTTPRequest, _ peer: SocketAddress?) -> String {
        var base = publicAddress.address(for: request, peer: peer)?.absolute ?? "http://localhost"
        while base.last == "/" { base.removeLast() }
        return base
    }

    private func html(_ report: StatusReport, base: String, root: String) -> String {
        EmbeddedText.page.filled(values(report, base: base, root: root))
    }

    /// What stands in the page for each of its names.
    func values(_ report: StatusReport, base: String, root: String) -> [String: String] {
        let more = report.live - report.transfers.count
        return [
            "hub": HTMLText.escape(report.hub) + (report.isOffline ? " (offline: not asked)" : ""),
            "version": HTMLText.escape(report.version),
            "uptime": AmountText.time(seconds: report.uptime),
            "live": "\(report.live)",
            "rate": AmountText.bytes(report.rate),
            "sent": AmountText.bytes(report.totals.sent),
            "finished": "\(report.totals.finished)",
            "unfinished": TransferText.unfinished(report.totals),
            "cacheTile": cacheTile(report),
            "noTransfersHidden": Self.hidden(if: report.live > 0),
            "transfers": transfers(report),
            "moreTransfersHidden": Self.hidden(if: more <= 0),
            "moreTransfers": "\(more)",
            "savings": report.cache.map(savings) ?? "",
            "commands": commands(report, base: base),
            "tokenNote": tokenNote,
            "noFailuresHidden": Self.hidden(if: !report.failures.isEmpty),
            "failures": failures(report),
            "root": root,
        ]
    }

    private static func hidden(if isHidden: Bool) -> String { isHidden ? " hidden" : "" }

    private func cacheTile(_ report: StatusReport) -> String {
        guard let cache = report.cache else { return "" }
        return """

            <div><dt>Saved today</dt><dd id="saved">\(AmountText.bytes(cache.saved))</dd>
            <dd class="more" id="kept">\(TransferText.kept(cache))</dd></div>
            """
    }

    private func savings(_ cache: StatusReport.Cache) -> String {
        let rows = cache.top.map { saving in
            let style = saving.name == nil ? "name hidden-name" : "name"
            return """
                <li><span class="\(style)">\(HTMLText.escape(saving.name ?? TransferText.hiddenRepository))</span>\
                <span class="meta">\(TransferText.line(saving))</span></li>
                """
        }
        return """
            <section aria-labelledby="savings-title">
            <h2 id="savings-title">Saved most</h2>
            <p class="empty" id="no-savings"\(Self.hidden(if: !cache.top.isEmpty))>Nothing so far today.</p>
            <ol class="list" id="savings">\(rows.joined())</ol>
            </section>
            """
    }

    private func transfers(_ report: StatusReport) -> String {
        let rows = report.transfers.map { transfer in
            let name = HTMLText.escape(transfer.name ?? TransferText.hiddenName)
            let style = transfer.name == nil ? "name hidden-name" : "name"
            let bar =
                transfer.total.map { total in
                    let value = total == 0 ? 1 : min(total, transfer.sent)
                    return #"max="\#(max(1, total))" value="\#(value)""#
                } ?? "hidden"
            return """
                <li><span class="\(style)">\(name)</span>
                <progress aria-label="\(name)" \(bar)></progress>
                <span class="meta">\(TransferText.line(transfer))</span></li>
                """
        }
        return rows.joined()
    }

    private func commands(_ report: StatusReport, base: String) -> String {
        let all = PageCommand.all(base: base, hub: report.hub, allowAnonymous: allowAnonymous)
        let figures = all.enumerated().map { number, command in
            """
            <figure class="command" aria-labelledby="command-\(number)">
            <figcaption id="command-\(number)">\(HTMLText.escape(command.title))</figcaption>
            <pre tabindex="0" role="group" aria-labelledby="command-\(number)"><code>\
            \(HTMLText.escape(command.text))</code></pre></figure>
            """
        }
        return figures.joined(separator: "\n")
    }

    private var tokenNote: String {
        allowAnonymous
            ? #"For a file that is not public, add <code>-H "Authorization: Bearer $HF_TOKEN"</code>."#
            : "The token is your own Hub token; it goes to the Hub with your request and is used for nothing else."
    }

    private func failures(_ report: StatusReport) -> String {
        let rows = report.failures.map { failure in
            """
            <li><span class="name"><span class="status">\(failure.status)</span>\
            <span class="summary">\(HTMLText.escape(failure.summary))</span></span>\
            <span class="cause">\(HTMLText.escape(failure.cause ?? ""))</span>\
            <span class="meta">\(HTMLText.escape(TransferText.line(failure)))</span></li>
            """
        }
        return rows.joined()
    }
}
