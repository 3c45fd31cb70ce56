using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Countersign.Tests.Architecture;

/// <summary>What one compiled assembly refers to, read from its metadata without loading it.</summary>
internal sealed class AssemblyFile
{
    private AssemblyFile(MetadataReader metadata)
    {
        Assemblies = [.. metadata.AssemblyReferences.Select(handle => NameOf(metadata, handle))];
        Types = [.. metadata.TypeReferences.Select(handle => NameOf(metadata, handle))];
        Members = [.. metadata.MemberReferences.Select(handle => NameOf(metadata, handle))];
        NativeMethods = [.. metadata.MethodDefinitions
            .Select(metadata.GetMethodDefinition)
            .Where(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl))
            .Select(method => metadata.GetString(method.Name))];
    }

    /// <summary>Simple names of the assemblies it refers to.</summary>
    public IReadOnlyList<string> Assemblies { get; }

    /// <summary>Full names of the types of others that it refers to.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>Members of others that it refers to, as <c>Namespace.Type.Member</c>.</summary>
    public IReadOnlyList<string> Members { get; }

    /// <summary>Names of its methods that call native code.</summary>
    public IReadOnlyList<string> NativeMethods { get; }

    /// <summary>The built assembly of that name beside the tests.</summary>
    public static AssemblyFile Load(string name)
    {
        using FileStream file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, $"{name}.dll"));
        return Read(file);
    }

    public static AssemblyFile Read(Stream image)
    {
        using var reader = new PEReader(image);
        return new AssemblyFile(reader.GetMetadataReader());
    }

    private static string NameOf(MetadataReader metadata, AssemblyReferenceHandle handle) =>
        metadata.GetString(metadata.GetAssemblyReference(handle).Name);

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }

    private static string NameOf(MetadataReader metadata, MemberReferenceHandle handle)
    {
        MemberReference member = metadata.GetMemberReference(handle);
        string type = member.Parent.Kind == HandleKind.TypeReference
            ? NameOf(metadata, (TypeReferenceHandle)member.Parent)
            : "?";
        return $"{type}.{metadata.GetString(member.Name)}";
    }
}
