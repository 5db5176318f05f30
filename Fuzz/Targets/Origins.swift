import OstiaryCore
import OstiaryWire

@testable import OstiaryServer

/// An accepted origin, spelled anew, is the same origin. What the configuration takes for a provider's base URL the
/// dialler can use, with the same host and port; a web page's origin and a door's address are spelled one way.
func fuzzOrigin(_ bytes: [UInt8]) {
    guard let text = String(validating: bytes, as: UTF8.self) else { return }
    if let origin = Origin(text) {
        let scheme = origin.isSecure ? "https" : "http"
        demand(Origin("\(scheme)://\(origin.authority)\(origin.basePath)") == origin, "an origin has two meanings")
        demand((0...65_535).contains(origin.port) && !origin.host.isEmpty, "an origin leads nowhere")
        demand(!origin.authority.utf8.contains { $0 <= 0x20 || $0 >= 0x7f }, "an authority holds a control character")
    }
    if let base = try? Form<String>.baseURL.parse(Written(text)) {
        demand((try? Form<String>.baseURL.parse(Written(base))) == base, "a base URL has two forms")
        if let url = WebURL(base) {
            guard let origin = Origin(base) else {
                demand(false, "the dialler cannot use an accepted base URL")
                return
            }
            demand(origin.host.lowercased() == url.host, "a base URL has two hosts")
            demand(origin.port == Int(url.port ?? (url.isSecure ? 443 : 80)), "a base URL has two ports")
            demand(origin.isSecure == url.isSecure, "a base URL has two schemes")
        }
    }
    if let page = try? Form<String>.origin.parse(Written(text)) {
        demand((try? Form<String>.origin.parse(Written(page))) == page, "a page's origin has two forms")
    }
    if let address = Configuration.Address(parsing: text) {
        demand(Configuration.Address(parsing: address.description) == address, "an address has two forms")
    }
    if let reference = Configuration.SecretReference(parsing: text) {
        demand(Configuration.SecretReference(parsing: reference.description) == reference, "a reference has two forms")
    }
}
