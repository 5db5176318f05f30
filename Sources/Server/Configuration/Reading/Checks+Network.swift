import OstiaryWire

// What a URL, `addresses` and `tls` say together (SEC-502, SEC-503).
extension Checks {
    /// A name is only judged when it is resolved; an address, and `localhost`, can be judged here.
    mutating func checkAddresses(_ url: String, _ reach: AddressRules.Reach?, key: String, at path: [String]) {
        guard let web = WebURL(url), let origin = Origin(web.withoutQuery) else { return }
        let addresses = [IPAddress(web.host)].compactMap { $0 }
        let isLocal = HostName.isThisMachine(web.host)
        guard isLocal || !addresses.isEmpty else { return }
        if let address = addresses.first, !AddressRules(for: origin).permits(address) {
            fault(
                path + [key],
                "names an address that nobody may be asked at",
                hint: "addresses of the kind \(address.kind.rawValue) are never allowed"
            )
            return
        }
        let isPermitted =
            isLocal ? reach != .public : addresses.allSatisfy { AddressRules(for: origin, reach: reach).permits($0) }
        if !isPermitted {
            fault(path + ["addresses"], "does not allow the address that `\(key)` names", hint: "remove it")
        }
    }

    mutating func checkTLS(_ provider: Configuration.Provider, at path: [String]) {
        let tls = provider.tls
        guard tls != Configuration.ProviderTLS() else { return }
        let url = (provider.baseURL ?? provider.kind.publicURL).flatMap(WebURL.init)
        let key = path + ["tls", tls.verify ? "authority" : "verify"]
        if let url, !url.isSecure { fault(key, "means nothing over plain http", hint: "remove it") }
        if let url, !tls.verify, !url.isLoopback {
            fault(
                key,
                "may be false for a provider on this machine only",
                hint: "name your own authority's certificates in tls.authority"
            )
        }
        if let file = tls.authority {
            check(file: file, at: path + ["tls", "authority"])
            if !tls.verify { fault(key, "makes `tls.authority` meaningless", hint: "remove one of them") }
        }
    }
}
