package import HTTPTypes
package import Hummingbird

extension Response {
    /// A head and nothing after it: the answer to a `HEAD`, or one whose status has no body.
    ///
    /// It says of the length what `headers` say. Where they say nothing nobody knows it, and 0 would be made up.
    package static func bare(_ status: HTTPResponse.Status, _ headers: HTTPFields) -> Response {
        var response = Response(status: status, headers: headers)
        response.headers[.contentLength] = headers[.contentLength]
        return response
    }
}
