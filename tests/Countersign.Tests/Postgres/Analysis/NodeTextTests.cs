using Countersign.Gates.Postgres.Analysis.Trees;
using FsCheck;
using FsCheck.Fluent;

namespace Countersign.Tests.Postgres.Analysis;

/// <summary>The text of a tree is read strictly, and no text does more than be refused.</summary>
public sealed class NodeTextTests
{
    private const string Sample =
        """({QUERY :a 1 :name a\ b :flag true :none <> :set (b 1 -2) :oids (o 23) """
        + """:list ({X :y ""} "q\ \"r" <> (1 2)) :constvalue 3 [ 1 -1 0 ] """
        + """:quoted \"x :angle \<> :colon :b :empty ()})""";

    [Fact]
    public void Every_kind_of_value_is_read()
    {
        var query = (NodeValue.Node)((NodeValue.Items)NodeText.Read(Sample)).Values[0];

        Assert.Equal("QUERY", query.Label);
        Assert.Equal(1, query.Number("a"));
        Assert.Equal("a b", query.Text("name"));
        Assert.True(query.Flag("flag"));
        Assert.Null(query.Text("none"));
        Assert.Equal([1L, -2L], query.Set("set"));
        Assert.Equal([23L], query.Set("oids"));
        Assert.Equal([1, 255, 0], ((NodeValue.Bytes)query.Field("constvalue")).Values);
        Assert.Equal("\"x", query.Text("quoted"));
        Assert.Equal("<>", query.Text("angle"));
        Assert.Equal(":b", query.Text("colon"));
        Assert.Empty(query.List("empty"));
        Assert.Equal("q \"r", ((NodeValue.Word)query.List("list")[1]).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("(")]
    [InlineData(")")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("{A")]
    [InlineData("{A :}")]
    [InlineData("{A :b}")]
    [InlineData("{A b c}")]
    [InlineData("{A :b 1 2}")]
    [InlineData("{A :b 1) ")]
    [InlineData("({A :b 1}} ")]
    [InlineData("(b x)")]
    [InlineData("(b 1")]
    [InlineData("{A :constvalue 3}")]
    [InlineData("{A :constvalue 3 [ 1 x ]}")]
    [InlineData("{A :constvalue 3 [ 1")]
    [InlineData("(\"a)")]
    [InlineData("<> <>")]
    public void What_is_no_tree_is_refused(string text) =>
        Assert.Throws<TreeNotUnderstoodException>(() => NodeText.Read(text));

    [Fact]
    public void Depth_is_bounded_and_costs_no_stack()
    {
        static string Nested(int depth) => new string('(', depth) + "1" + new string(')', depth);

        NodeText.Read(Nested(NodeText.MostDepth));
        Assert.Throws<TreeNotUnderstoodException>(() => NodeText.Read(Nested(NodeText.MostDepth + 1)));
    }

    [Fact]
    public void Length_is_bounded() =>
        Assert.Throws<TreeNotUnderstoodException>(
            () => NodeText.Read(new string(' ', NodeText.MostCharacters + 1)));

    [Fact]
    public void Whatever_is_changed_in_a_tree_it_is_read_or_refused() => Prop.ForAll(
        Gen.Zip(Gen.Choose(0, Sample.Length - 1), Gen.Elements("(){}[]<>:\"\\ b1x".ToCharArray())).ToArbitrary(),
        change =>
        {
            var (at, replacement) = change;
            string[] mutants =
            [
                Sample.Remove(at, 1), Sample.Insert(at, replacement.ToString()), Sample[..at],
                string.Concat(Sample.AsSpan(0, at), replacement.ToString(), Sample.AsSpan(at + 1)),
            ];
            return mutants.All(IsReadOrRefused);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2_000));

    private static bool IsReadOrRefused(string text)
    {
        try
        {
            return NodeText.Read(text) is not null;
        }
        catch (TreeNotUnderstoodException)
        {
            return true;
        }
    }
}
