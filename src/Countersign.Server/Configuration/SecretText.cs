using Countersign.Core.Policies;
using Countersign.Core.Policies.Documents;
using Countersign.Core.Policies.Yaml;
using Countersign.Server.Keys;

namespace Countersign.Server.Configuration;

/// <summary>
/// Resolves secrets: <c>env:NAME</c>, <c>file:path</c>, <c>credential:NAME</c>, or the value itself.
/// </summary>
internal sealed class SecretText(string folder, Func<string, string?> environment, PolicyErrors errors)
{
    private const string EnvironmentPrefix = "env:";
    private const string FilePrefix = "file:";

    /// <summary>The secret, or <c>null</c> after the reason was noted. An empty secret is no secret.</summary>
    public string? Resolve(YamlNode node, string what)
    {
        if (Values.Text(node, what, errors) is not { } text)
        {
            return null;
        }

        var (value, remedy) = Read(text.Text);
        if (string.IsNullOrEmpty(value))
        {
            errors.Add(text.At, $"{what} is not there: {remedy}");
            return null;
        }

        return value;
    }

    private (string? Value, string Remedy) Read(string text)
    {
        if (text.StartsWith(EnvironmentPrefix, StringComparison.Ordinal))
        {
            var name = text[EnvironmentPrefix.Length..];
            return (environment(name), $"set the environment variable {name}");
        }

        if (text.StartsWith(ServiceCredential.Prefix, StringComparison.Ordinal))
        {
            return ServiceCredential.Find(text[ServiceCredential.Prefix.Length..]) is { } credential
                ? ReadFile(credential)
                : (null, $"the service manager gives no credential '{text[ServiceCredential.Prefix.Length..]}'");
        }

        return text.StartsWith(FilePrefix, StringComparison.Ordinal)
            ? ReadFile(Path.GetFullPath(text[FilePrefix.Length..], folder))
            : (text, "write a value");
    }

    private static (string? Value, string Remedy) ReadFile(string path)
    {
        try
        {
            return (File.ReadAllText(path).TrimEnd('\r', '\n'), $"put the secret into {path}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (null, $"{path} cannot be read ({failure.Message})");
        }
    }
}
