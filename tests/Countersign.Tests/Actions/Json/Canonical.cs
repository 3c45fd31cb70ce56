using System.Text;
using Countersign.Core.Actions.Json;

namespace Countersign.Tests.Actions.Json;

/// <summary>Short forms that the tests of this folder share.</summary>
internal static class Canonical
{
    public static string Form(string json) => Form(Encoding.UTF8.GetBytes(json)).ToString();

    public static CanonicalJson Form(ReadOnlySpan<byte> json)
    {
        JsonLimits limits = JsonLimits.Default;
        bool read = CanonicalJson.TryCanonicalize(json, limits, out CanonicalJson? form, out JsonRefusal? refusal);
        Assert.True(read, refusal?.Message);
        return form!;
    }

    public static JsonRefusal Refusal(ReadOnlySpan<byte> json, JsonLimits limits)
    {
        bool read = CanonicalJson.TryCanonicalize(json, limits, out CanonicalJson? form, out JsonRefusal? refusal);
        Assert.False(read, $"It was accepted as {form}.");
        return refusal!;
    }
}
