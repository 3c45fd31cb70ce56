using System.Security.Cryptography;

namespace Countersign.Core.Identity;

/// <summary>
/// Which roster is in force: SHA-256 over everything that is accepted of people and agents, as <c>sha256:</c> + hex.
/// </summary>
public readonly record struct RosterHash
{
    private const int Length = 71;

    private readonly string? _value;

    private RosterHash(string value) => _value = value;

    public string Value => _value ?? throw new InvalidOperationException("A default RosterHash names no roster.");

    public static RosterHash Of(ReadOnlySpan<byte> roster) =>
        new("sha256:" + Convert.ToHexStringLower(SHA256.HashData(roster)));

    public static RosterHash Parse(string text) =>
        text is { Length: Length } && text.StartsWith("sha256:", StringComparison.Ordinal)
            ? new RosterHash(text)
            : throw new FormatException($"'{text}' is not the hash of a roster ('sha256:' and 64 hex digits).");

    public override string ToString() => _value ?? "";
}
