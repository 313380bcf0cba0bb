public import MeshRecords

// What the cluster's own code tells other clusters, and what it keeps to itself.
extension MeshAgent {
    /// Publishes records of the own cluster: they appear in the own views, and in the store, where peers read them, if
    /// the export filter lets them through.
    ///
    /// A record replaces a published one with the same key; of several with one key the last counts. What does not
    /// change is not written again. The records appear together, in one revision, if they fit into one transaction of the
    /// store (`KVStoreConfiguration.maximumTransactionOperations`, 128, and `maximumRequestBytes`, 1.5 MiB); more of them
    /// are written in several, in their order.
    ///
    /// A key that was published belongs to the publisher: publishing it replaces what another writer put there, and the
    /// views show what was published. Keys written directly to the store are exported as they stand.
    ///
    /// Before ``run()`` the views show nothing; the store does at once.
    ///
    /// - Throws: ``PublishingError``: with `invalidRecord` if one of the records is none that peers would take from this
    ///   cluster (another cluster's name or ID, an identity out of its range), and nothing was written; with
    ///   `refusedByStore` if the store is full, and what was written before stays, so that the same call can be made
    ///   again; with `noStore` if the agent follows an etcd.
    public func publish(_ records: [MeshRecord]) throws(PublishingError) {
        try localPublisher.publish(records)
    }

    /// Withdraws published records, from the views and from the store. Keys that were not published are left alone.
    ///
    /// As many as fit into one transaction of the store go together, in one revision.
    ///
    /// - Throws: ``PublishingError``: with `noStore` if the agent follows an etcd, with `refusedByStore` as
    ///   ``publish(_:)`` does.
    public func withdraw(_ keys: [RecordKey]) throws(PublishingError) {
        try localPublisher.withdraw(keys)
    }

    /// Replaces the filter that says which published records other clusters see; ``ExportFilter/all`` until then.
    ///
    /// When it returns, what the filter lets through is in the store and what it holds back is not, both only as far as
    /// it was published with ``publish(_:)``. The own views do not change. Transactions are as large as the store takes
    /// them: with more records than that, peers see the switch in steps.
    ///
    /// - Throws: ``PublishingError``: with `noStore` if the agent follows an etcd; with `refusedByStore` if the store is
    ///   full, and the switch is then done in part: the same call goes on with it.
    public func setExportFilter(_ filter: ExportFilter) throws(PublishingError) {
        try localPublisher.setFilter(filter)
    }

    private var localPublisher: LocalPublisher {
        get throws(PublishingError) {
            if let publisher { return publisher }
            let error = MeshConfigurationError.follows(configuration.name)
            throw PublishingError(.noStore, error.message, cause: error)
        }
    }
}
