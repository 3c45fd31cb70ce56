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

    private ConsoleAsset(string contentType, params ReadOnlySpan<string> files)
    {
        ContentType = contentType;
        using var all = new MemoryStream();
        foreach (var file in files)
        {
            using var stream = Open(file);
            stream.CopyTo(all);
        }

        var bytes = all.ToArray();
        Bytes = bytes;
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes))[..HashLength];
        Name = $"{Path.GetFileNameWithoutExtension(files[0])}.{hash}{Path.GetExtension(files[0])}";
    }

    /// <summary>Both sheets as one: nothing is painted before each sheet has come.</summary>
    public static ConsoleAsset Stylesheet { get; } = new("text/css; charset=utf-8", "console.css", "forms.css");

    public static ConsoleAsset KeyScript { get; } = new("text/javascript; charset=utf-8", "keys.js");

    public static ConsoleAsset PasskeyScript { get; } = new("text/javascript; charset=utf-8", "passkeys.js");

    public static ConsoleAsset Script { get; } = new("text/javascript; charset=utf-8", "console.js");

    public static ConsoleAsset Icon { get; } = new("image/svg+xml", "icon.svg");

    /// <summary>Every asset by the name in its address.</summary>
    public static FrozenDictionary<string, ConsoleAsset> All { get; } =
        new[] { Stylesheet, Script, KeyScript, PasskeyScript, Icon }
            .ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);

    public string Name { get; }

    public string Address => Folder + Name;

    public string ContentType { get; }

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>A file that is built into the program, as text.</summary>
    public static string ReadText(string file)
    {
        using var reader = new StreamReader(Open(file));
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static Stream Open(string file) =>
        typeof(ConsoleAsset).Assembly.GetManifestResourceStream($"console/{file}")
        ?? throw new InvalidOperationException($"The program was built without the console's file '{file}'.");
}
