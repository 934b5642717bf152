import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /`: what this is, with commands that work on this host.
struct IndexPage: Sendable {
    let version: String
    let hub: String

    func respond(_ request: Request) -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: html(host: request.head.authority ?? "localhost")))
        )
    }

    private func html(host: String) -> String {
        let base = "http://\(Self.escape(host))"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>xet proxy</title>
            <style>
            :root { color-scheme: light dark; --line: #8884; --soft: #8881; }
            body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 4rem auto; padding: 0 1.25rem; }
            h1 { font-size: 1.9rem; margin: 0 0 .25rem; letter-spacing: -.02em; }
            h2 { font-size: 1.05rem; margin: 2.25rem 0 .5rem; }
            p { margin: .5rem 0; }
            pre { background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem;
                  overflow-x: auto; font: 14px/1.5 ui-monospace, monospace; }
            table { border-collapse: collapse; width: 100%; font-size: .95rem; }
            td { border-top: 1px solid var(--line); padding: .45rem .75rem .45rem 0; vertical-align: top; }
            code { font: .92em ui-monospace, monospace; }
            footer { margin-top: 3rem; font-size: .85rem; opacity: .7; }
            </style>
            </head>
            <body>
            <h1>xet proxy</h1>
            <p>Files that a Hub stores in XET, rebuilt and verified while they stream, for any HTTP client.</p>
            <h2>Download a file</h2>
            <pre>curl -fL -H "Authorization: Bearer $HF_TOKEN" \\
              -O \(base)/download/{owner}/{repo}/{path}</pre>
            <h2>Resume, or many connections</h2>
            <pre>curl -fL -C - -H "Authorization: Bearer $HF_TOKEN" \\
              -O \(base)/download/{owner}/{repo}/{path}
            aria2c -x8 --header "Authorization: Bearer $HF_TOKEN" \\
              \(base)/download/{owner}/{repo}/{path}</pre>
            <h2>Routes</h2>
            <table>
            <tr><td><code>/download/{owner}/{repo}/{path}</code></td><td>a file of a model; <code>?revision=</code> names
            a branch, tag or commit</td></tr>
            <tr><td><code>/download/datasets/{owner}/{repo}/{path}</code></td><td>of a dataset</td></tr>
            <tr><td><code>/download/spaces/{owner}/{repo}/{path}</code></td><td>of a space</td></tr>
            <tr><td><code>/download-hash/{hash}?repo={owner}/{repo}</code></td><td>a file by its XET hash, with the rights
            of a repository</td></tr>
            <tr><td><code>/health</code></td><td>whether this process serves</td></tr>
            </table>
            <footer>xet \(Self.escape(version)) &middot; in front of \(Self.escape(hub))</footer>
            </body>
            </html>
            """
    }

    /// Makes text harmless inside HTML; the host comes from the request.
    static func escape(_ text: String) -> String {
        var escaped = ""
        // By scalar: a combining mark would make another character of a sign that HTML still sees.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
