using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>What a coding agent writes to its hook: JSON, read strictly and within a limit.</summary>
internal static class HookInput
{
    /// <summary>Less than the server takes as a body, so that what is refused is refused here with a reason.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private const int FirstBuffer = 16 * 1024;
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions s_strict =
        new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Reads everything there is; blocks until its end.</summary>
    public static JsonElement Read(Stream input)
    {
        var buffer = new byte[FirstBuffer];
        var length = 0;
        int read;
        while ((read = input.Read(buffer, length, buffer.Length - length)) > 0)
        {
            length += read;
            if (length > MaxBytes)
            {
                throw new HookFailure($"The tool's input is larger than {MaxBytes} bytes; do it in smaller steps.");
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, buffer.Length * 2);
            }
        }

        return Parse(buffer.AsMemory(0, length));
    }

    /// <summary>An object in a text.</summary>
    public static JsonElement Parse(string text) => Parse(System.Text.Encoding.UTF8.GetBytes(text));

    private static JsonElement Parse(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes, s_strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new HookFailure("The hook was told something else than a JSON object.");
        }
        catch (JsonException wrong)
        {
            throw new HookFailure($"The hook was told no valid JSON: {wrong.Message}");
        }
    }
}
