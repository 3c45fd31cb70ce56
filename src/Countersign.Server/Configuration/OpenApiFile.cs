using System.Buffers;
using System.Globalization;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Countersign.Server.Configuration;

/// <summary>Reads an OpenAPI document, which is JSON or YAML, into JSON.</summary>
internal static class OpenApiFile
{
    private const long LongestFile = 64 * 1024 * 1024;
    private const int MostNodes = 5_000_000;
    private const int MostDepth = 128;

    /// <exception cref="FormatException">It is neither JSON nor YAML, or too large.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static JsonElement Read(string path)
    {
        if (new FileInfo(path).Length > LongestFile)
        {
            throw new FormatException($"it is larger than {LongestFile} bytes");
        }

        var text = File.ReadAllText(path);
        return text.TrimStart().StartsWith('{') ? FromJson(text) : FromYaml(text);
    }

    private static JsonElement FromJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = MostDepth });
            return document.RootElement.Clone();
        }
        catch (JsonException invalid)
        {
            throw new FormatException($"it is no JSON: {invalid.Message}", invalid);
        }
    }

    private static JsonElement FromYaml(string text)
    {
        var yaml = new YamlStream();
        try
        {
            yaml.Load(new StringReader(text));
        }
        catch (Exception invalid) when (invalid is YamlException or ArgumentException or InvalidOperationException)
        {
            throw new FormatException($"it is no YAML: {invalid.Message}", invalid);
        }

        if (yaml.Documents.Count != 1)
        {
            throw new FormatException($"it holds {yaml.Documents.Count} YAML documents instead of one");
        }

        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            var left = MostNodes;
            Write(json, yaml.Documents[0].RootNode, ref left, MostDepth);
        }

        using var document =
            JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = MostDepth + 1 });
        return document.RootElement.Clone();
    }

    /// <summary>An alias is written out where it stands, so nodes are counted as often as they are written.</summary>
    private static void Write(Utf8JsonWriter json, YamlNode node, ref int left, int depth)
    {
        if (--left < 0 || depth == 0)
        {
            throw new FormatException("it is nested or repeated more than a document that people wrote");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                json.WriteStartObject();
                foreach (var (key, value) in mapping.Children)
                {
                    json.WritePropertyName(((key as YamlScalarNode)?.Value) ?? "");
                    Write(json, value, ref left, depth - 1);
                }

                json.WriteEndObject();
                break;
            case YamlSequenceNode sequence:
                json.WriteStartArray();
                foreach (var item in sequence)
                {
                    Write(json, item, ref left, depth - 1);
                }

                json.WriteEndArray();
                break;
            case YamlScalarNode scalar:
                WriteScalar(json, scalar);
                break;
            default:
                throw new FormatException($"it holds a {node.NodeType}, which no JSON has");
        }
    }

    /// <summary>The core schema of YAML 1.2 (section 10.3.2), as far as documents use it.</summary>
    private static void WriteScalar(Utf8JsonWriter json, YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain)
        {
            json.WriteStringValue(text);
            return;
        }

        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                json.WriteNullValue();
                break;
            case "true" or "True" or "TRUE":
                json.WriteBooleanValue(true);
                break;
            case "false" or "False" or "FALSE":
                json.WriteBooleanValue(false);
                break;
            case var number when long.TryParse(
                number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole):
                json.WriteNumberValue(whole);
                break;
            default:
                json.WriteStringValue(text);
                break;
        }
    }
}
