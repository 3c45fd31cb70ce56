using System.Reflection;
using System.Runtime.CompilerServices;
using Countersign.Client;

namespace Countersign.Tests.DotNetClient;

/// <summary>
/// What the package promises stands in two files beside it; a change of one is a change of the promise. What was
/// released moves from <c>Unshipped</c> to <c>Shipped</c>, and is never taken out of there without a new major version.
/// </summary>
public sealed class PublicApiTests
{
    private const BindingFlags Own =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    [Fact]
    public void The_package_shows_exactly_what_its_files_say()
    {
        var written = Lines("PublicAPI.Shipped.txt").Concat(Lines("PublicAPI.Unshipped.txt")).ToHashSet();
        var shown = typeof(CountersignClient).Assembly.GetExportedTypes().SelectMany(LinesOf).ToHashSet();

        Assert.True(
            written.SetEquals(shown),
            string.Join('\n', [.. shown.Except(written).Order(), "is not in the files; they alone have:",
                .. written.Except(shown).Order()]));
    }

    [Fact]
    public void Every_line_of_the_files_is_documented()
    {
        var documented = File.ReadAllText(
            Path.ChangeExtension(typeof(CountersignClient).Assembly.Location, ".xml"));
        Assert.All(
            typeof(CountersignClient).Assembly.GetExportedTypes(),
            type => Assert.Contains($"\"T:{type.FullName!.Replace('+', '.')}\"", documented));
    }

    [Fact]
    public void The_package_says_that_it_can_be_trimmed_and_compiled_ahead() => Assert.Equal(
        ["IsAotCompatible", "IsTrimmable"],
        typeof(CountersignClient).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Where(metadata => metadata.Value == "True")
            .Select(metadata => metadata.Key)
            .Order());

    private static IEnumerable<string> Lines(string file) => File
        .ReadLines(RepositoryRoot.Combine("src", "Countersign.Client", file))
        .Where(line => line.Length > 0 && !line.StartsWith('#'));

    private static IEnumerable<string> LinesOf(Type type) => type
        .GetMembers(Own)
        .Where(IsPromised)
        .Select(member => $"{NameOf(type)}.{Sign(member)}")
        .Append(NameOf(type));

    /// <summary>What a caller or an heir can name, and the compiler did not write by itself.</summary>
    private static bool IsPromised(MemberInfo member) =>
        member.GetCustomAttribute<CompilerGeneratedAttribute>() is null && member switch
        {
            MethodInfo { IsSpecialName: true } => false,
            MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
            PropertyInfo { Name: "EqualityContract" } => false,
            PropertyInfo property => property.GetMethod is { IsPublic: true } or { IsFamily: true },
            FieldInfo field => field.IsPublic || field.IsFamily,
            _ => false,
        };

    private static string Sign(MemberInfo member) => member switch
    {
        ConstructorInfo made => $"new({Sign(made.GetParameters())})",
        MethodInfo method => $"{method.Name}({Sign(method.GetParameters())}) -> {NameOf(method.ReturnType)}",
        PropertyInfo { SetMethod.IsPublic: true } property =>
            $"{property.Name} -> {NameOf(property.PropertyType)} init",
        PropertyInfo property => $"{property.Name} -> {NameOf(property.PropertyType)}",
        FieldInfo field =>
            $"{field.Name}{(field.IsLiteral ? $" = {field.GetRawConstantValue()}" : "")} -> {NameOf(field.FieldType)}",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Sign(IEnumerable<ParameterInfo> parameters) =>
        string.Join(", ", parameters.Select(each => $"{NameOf(each.ParameterType)} {each.Name}"));

    private static string NameOf(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{NameOf(value)}?";
        }

        var own = type.IsNested ? $"{NameOf(type.DeclaringType!)}.{type.Name}" : type.Name;
        return type.IsGenericType
            ? $"{own[..own.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>"
            : own;
    }
}
