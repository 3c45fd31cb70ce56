using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Countersign.Client;

/// <summary>Arguments and results as JSON, without reflection of our own.</summary>
internal static class Values
{
    /// <summary>The arguments as one object, in the spelling of the function's own options.</summary>
    /// <exception cref="NotSupportedException">One of them cannot be written.</exception>
    public static JsonElement ObjectOf(AIFunctionArguments arguments, JsonSerializerOptions options)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in arguments)
            {
                json.WritePropertyName(name);
                Write(json, name, value, options);
            }

            json.WriteEndObject();
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>The members of an object, as the function is called with them.</summary>
    public static Dictionary<string, object?> MembersOf(JsonElement arguments) => arguments.EnumerateObject()
        .ToDictionary(member => member.Name, member => (object?)member.Value, StringComparer.Ordinal);

    /// <summary>A result for the record; nothing when it is none, or none that can be written.</summary>
    public static JsonElement? TryWrite(object? value, JsonSerializerOptions options)
    {
        try
        {
            return value switch
            {
                null => null,
                JsonElement json => json,
                _ => JsonSerializer.SerializeToElement(value, options.GetTypeInfo(value.GetType())),
            };
        }
        catch (Exception failure) when (failure is NotSupportedException or JsonException)
        {
            // What a function returns is its own affair; the record then says only that it succeeded.
            return null;
        }
    }

    private static void Write(Utf8JsonWriter json, string name, object? value, JsonSerializerOptions options)
    {
        try
        {
            if (value is null)
            {
                json.WriteNullValue();
            }
            else
            {
                JsonSerializer.Serialize(json, value, options.GetTypeInfo(value.GetType()));
            }
        }
        catch (Exception failure) when (failure is NotSupportedException or JsonException)
        {
            throw new NotSupportedException(
                $"The argument '{name}' cannot be written as JSON, so nobody could see what is approved.", failure);
        }
    }
}
