using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Countersign.Server.Console;

/// <summary>
/// A file of the console that is built into the program. Its address holds a hash of its content, so that browsers keep
/// it for good and a new version is another address.
/// </summary>
internal sealed class ConsoleAsset
{
    private const string Folder = "/console/assets/";
    private const int HashLength = 16;

    private ConsoleAsset(string file, string contentType)
    {
        ContentType = contentType;
        using var stream = typeof(ConsoleAsset).Assembly.GetManifestResourceStream($"console/{file}")
            ?? throw new InvalidOperationException($"The program was built without the console's file '{file}'.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        Bytes = bytes;
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes))[..HashLength];
        Name = $"{Path.GetFileNameWithoutExtension(file)}.{hash}{Path.GetExtension(file)}";
    }

    public static ConsoleAsset Stylesheet { get; } = new("console.css", "text/css; charset=utf-8");

    public static ConsoleAsset FormStylesheet { get; } = new("forms.css", "text/css; charset=utf-8");

    public static ConsoleAsset KeyScript { get; } = new("keys.js", "text/javascript; charset=utf-8");

    public static ConsoleAsset PasskeyScript { get; } = new("passkeys.js", "text/javascript; charset=utf-8");

    public static ConsoleAsset Script { get; } = new("console.js", "text/javascript; charset=utf-8");

    public static ConsoleAsset Icon { get; } = new("icon.svg", "image/svg+xml");

    /// <summary>Every asset by the name in its address.</summary>
    public static FrozenDictionary<string, ConsoleAsset> All { get; } =
        new[] { Stylesheet, FormStylesheet, Script, KeyScript, PasskeyScript, Icon }
            .ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);

    public string Name { get; }

    public string Address => Folder + Name;

    public string ContentType { get; }

    public ReadOnlyMemory<byte> Bytes { get; }
}
