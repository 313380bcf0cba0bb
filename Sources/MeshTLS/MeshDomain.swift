/// The domain under which a mesh's clusters have their names (Cilium's).
public enum MeshDomain {
    /// The domain.
    public static let name = "mesh.cilium.io"

    /// The literal name in a certificate that stands for every cluster of the mesh.
    public static let everyCluster = "*.mesh.cilium.io"
}
