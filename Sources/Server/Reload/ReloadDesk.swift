/// Where reloads are asked for. The doors know it before there is anybody who could reload, and after there is nobody any
/// more.
final class ReloadDesk: Sendable {
    private let reloading = Later<Reloading?>(nil)

    func open(_ reloading: Reloading) { self.reloading.value = reloading }
    func close() { reloading.value = nil }

    func reload(_ order: ReloadOrder) async -> ReloadReport? {
        await reloading.value?.reload(order)
    }

    /// Has the keys read anew, by the configuration in force.
    func renewKeys() async -> ReloadReport? {
        var order = ReloadOrder()
        order.keepsConfiguration = true
        return await reloading.value?.reload(order)
    }
}
