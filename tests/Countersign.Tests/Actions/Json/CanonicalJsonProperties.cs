using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Actions.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Actions.Json;

public sealed class CanonicalJsonProperties
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(300);

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Elements("", "a", "A", "é", "€", "😀", "\uFB33", "\"", "\\", "/", "\u0000", "\u001f", "\n", "\u007f"),
        Gen.Choose(0, 0xD7FF).Select(code => ((char)code).ToString()),
        Gen.Choose(0x10000, 0x10FFFF).Select(char.ConvertFromUtf32));

    private static readonly Gen<string> Strings = Gen.ListOf(Text).Select(string.Concat);

    private static readonly Gen<double> Number = Gen.OneOf(
        Gen.Choose(-1000, 1000).Select(number => number / 8.0),
        Gen.Two(Gen.Choose(int.MinValue, int.MaxValue))
            .Select(bits => BitConverter.Int64BitsToDouble(((long)bits.Item1 << 32) | (uint)bits.Item2))
            .Where(double.IsFinite));

    [Fact]
    public void Canonicalising_canonical_bytes_changes_nothing() => Check(node =>
    {
        CanonicalJson once = Canonical.Form(Encoding.UTF8.GetBytes(node.ToJsonString()));
        CanonicalJson twice = Canonical.Form(once.Bytes.Span);

        Assert.Equal(once.ToString(), twice.ToString());
    });

    [Fact]
    public void The_canonical_form_means_the_same_value() => Check(node =>
    {
        CanonicalJson form = Canonical.Form(Encoding.UTF8.GetBytes(node.ToJsonString()));
        JsonNode? read = JsonNode.Parse(form.Bytes.Span, null, new() { AllowDuplicateProperties = false });

        Assert.True(JsonNode.DeepEquals(node, read), $"{node.ToJsonString()} became {form}.");
    });

    [Fact]
    public void The_order_of_members_and_the_white_space_do_not_matter() => Check(node =>
    {
        string compact = Reversed(node)!.ToJsonString();
        string indented = node.ToJsonString(new() { WriteIndented = true });

        Assert.Equal(Canonical.Form(compact), Canonical.Form(indented));
    });

    [Fact]
    public void A_composed_string_is_what_the_reader_makes_of_it() =>
        Prop.ForAll(
            Strings.ToArbitrary(),
            text =>
            {
                string read = Canonical.Form(JsonValue.Create(text).ToJsonString());
                Assert.Equal(read, CanonicalJson.Of(text).ToString());
            })
        .Check(Quiet);

    [Fact]
    public void Arbitrary_bytes_are_canonicalised_or_refused_inside_the_document() =>
        Prop.ForAll(
            Gen.ListOf(Gen.Elements("{}[]\",:\\u0123d8ce+-.tfn \0\xFF\xC3\xA9/"u8.ToArray())).ToArbitrary(),
            bytes =>
            {
                byte[] json = [.. bytes];
                JsonLimits limits = JsonLimits.Default;
                if (!CanonicalJson.TryCanonicalize(json, limits, out CanonicalJson? form, out JsonRefusal? refusal))
                {
                    Assert.InRange(refusal.Offset, 0, json.Length);
                    return;
                }

                Assert.Equal(form.ToString(), Canonical.Form(form.Bytes.Span).ToString());
            })
        .Check(Quiet);

    private static void Check(Action<JsonNode> property) =>
        Prop.ForAll(Value(3).ToArbitrary(), property).Check(Quiet);

    private static Gen<JsonNode> Value(int depth)
    {
        Gen<JsonNode> leaf = Gen.OneOf(
            Strings.Select(JsonNode (text) => JsonValue.Create(text)),
            Number.Select(JsonNode (number) => JsonValue.Create(number)),
            Gen.Elements(true, false).Select(JsonNode (value) => JsonValue.Create(value)));
        if (depth == 0)
        {
            return leaf;
        }

        Gen<JsonNode> inner = Value(depth - 1);
        return Gen.OneOf(leaf, Gen.ListOf(inner).Select(Array), Gen.ListOf(Gen.Zip(Strings, inner)).Select(Object));
    }

    private static JsonNode Array(IEnumerable<JsonNode> elements) =>
        new JsonArray([.. elements.Select(element => element.DeepClone())]);

    private static JsonNode Object(IEnumerable<(string Name, JsonNode Value)> members) =>
        new JsonObject(members
            .DistinctBy(member => member.Name, StringComparer.OrdinalIgnoreCase)
            .Select(member => KeyValuePair.Create<string, JsonNode?>(member.Name, member.Value.DeepClone())));

    private static JsonNode? Reversed(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(
            members.Reverse().Select(member => KeyValuePair.Create(member.Key, Reversed(member.Value)))),
        JsonArray elements => new JsonArray([.. elements.Select(Reversed)]),
        _ => node?.DeepClone(),
    };
}
