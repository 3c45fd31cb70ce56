namespace Countersign.Tests.Architecture;

/// <summary>Each rule of <see cref="TidyTests"/> finds the breach in a sample, and none in its mended form.</summary>
public sealed class TidyRulesTests
{
    private static readonly string Wide = new('x', 121);
    private static readonly string Statements = string.Concat(Enumerable.Repeat("x();\n", 60));

    [Fact]
    public void Text_rules_can_fail()
    {
        Tells(TextRules.LongLines, Wide, Wide[1..]);
        Tells(TextRules.Tabs, "a\tb", "a b");
        Tells(TextRules.LineEndings, "a\r\nb\n", "a\nb\n");
        Tells(TextRules.FinalNewline, "a", "a\n");
        Tells(TextRules.FinalNewline, "a\n\n", "");
        Tells(TextRules.LongFile, new string('\n', 401), new string('\n', 400));
        Tells(TextRules.Unfinished, "// TO" + "DO: later", "// Mastodon");
        Tells(TextRules.Unfinished, "/* HA" + "CK */", "hackathon");
        Tells(TextRules.Regions, "  #reg" + "ion Fields", "// A region");
        Tells(TextRules.PragmasWithoutReason, "#pragma warning disable X1", "#pragma warning disable X1 // It is so.");
        Tells(TextRules.MachinePaths, "cd /wo" + "rk/main", "cd https://example.com/wo" + "rk/main");
        Tells(TextRules.MachinePaths, "\"/tm" + "p/x\"", "\"$HOME/tm" + "p/x\"");
        Tells(TextRules.Registries, "\"reso" + "lved\": \"https://x\"", "\"version\": \"1.0.0\"");
    }

    [Fact]
    public void Method_rules_can_fail()
    {
        Tells(SyntaxRules.LongMethods, Method($"\n{Statements}"), Method(Statements[10..]));
        Tells(SyntaxRules.EndlessMethods, Method(Statements + Statements), Method(Statements));
        Tells(SyntaxRules.DeepNesting, Nested(5), Nested(4));
        Tells(
            SyntaxRules.DeepNesting,
            Method("while (a) { lock (b) { try { foreach (var c in d) { switch (c) { } } } finally { } } }"),
            Method("if (a) { } else if (b) { } else if (c) { } else if (d) { } else if (e) { }"));
        Tells(SyntaxRules.SilentCatches, Method("try { } catch (E) { }"), Method("try { } catch (E) {\n// Gone.\n}"));
        Tells(SyntaxRules.CatchesOfEverything, Method("try { } catch { a(); }"), Method("try { } catch (E) { a(); }"));
        Tells(SyntaxRules.CatchesOfEverything, Method("try { } catch { }"), Method("try { } catch { a(); throw; }"));
    }

    [Theory]
    [InlineData("class C { void M(CancellationToken t, int a) { } }", "class C { void M(int a) { } }")]
    [InlineData("class C { void M(CancellationToken t = default) { } }", "class C { void M(CancellationToken t) { } }")]
    [InlineData("delegate int D(CancellationToken t, int a);", "delegate int D(int a, CancellationToken t);")]
    public void A_misplaced_token_is_found(string bad, string good) => Tells(SyntaxRules.MisplacedTokens, bad, good);

    [Theory]
    [InlineData("class PolicyManager;", "class Managerial;")]
    [InlineData("record JsonHelper();", "record Helped();")]
    [InlineData("enum StringUtils { }", "enum Utilisation { }")]
    [InlineData("interface IQueryProcessor { }", "interface IProcess { }")]
    public void A_name_that_says_nothing_is_found(string bad, string good) =>
        Tells(SyntaxRules.NamesThatSayNothing, bad, good);

    [Fact]
    public void Shares_can_be_exceeded()
    {
        string types = Repeat(96, "sealed class C;");
        string four = types + Repeat(4, "interface I;");
        Tells(Tree(TreeRules.TooManyInterfaces), four + "interface I;", four);

        string nine = Repeat(9, "sealed class C;") + "static class S;" + "abstract class A;";
        Tells(Tree(TreeRules.TooManyOpenClasses), nine + "class A; record B;", nine + "class A;");

        string oneInFive = Repeat(4, "class C;") + "public class A;";
        Tells(Tree(TreeRules.TooManyPublicTypes), $"{oneInFive} public class B;", oneInFive);
        Tells(Tree(TreeRules.TooManyPublicTypes), "public class A { }", "class A { public class B { } }");

        string brief = Repeat(199, "class C { void M() { } }");
        Tells(Tree(TreeRules.TooManyLongMethods), Method(Statements), brief + Method(Statements));
    }

    [Fact]
    public void A_crowded_root_is_found()
    {
        string[] crowd = [.. Enumerable.Range(1, 23).Select(number => $"{number}/file")];

        Assert.Single(TreeRules.TooManyRootEntries(crowd));
        Assert.Empty(TreeRules.TooManyRootEntries(crowd[1..]));
    }

    [Theory]
    [InlineData("`ReviewBoard`", 1)]
    [InlineData("`ReviewBoard.Next(state)` and `IReviewBoard`", 2)]
    [InlineData("`src/Missing/`", 1)]
    [InlineData("`GateKeeper`, `GateKeeper.Ask`, `GateKeeper<T>`, `TimeProvider`, `src/Here/`", 0)]
    [InlineData("`Gate`, `deny`, `X-Header`, `src/*.cs`, ReviewBoard", 0)]
    public void A_page_that_mentions_what_does_not_exist_is_found(string page, int findings) =>
        Assert.Equal(findings, TreeRules.MissingNames(
            new SourceFile("page.md", page),
            TreeRules.TypeNames([new SourceFile("a.cs", "class GateKeeper;")]),
            path => path == "src/Here").Count());

    [Fact]
    public void A_finding_tells_file_line_and_remedy()
    {
        Finding finding = Assert.Single(TextRules.Tabs(new SourceFile("src/A.cs", "a\n\tb\n")));

        Assert.Equal("src/A.cs:2: Indent with spaces; write \\t in a string.", finding.ToString());
    }

    private static void Tells(Func<SourceFile, IEnumerable<Finding>> rule, string bad, string good)
    {
        Assert.NotEmpty(rule(new SourceFile("bad.cs", bad)));
        Assert.Empty(rule(new SourceFile("good.cs", good)));
    }

    private static Func<SourceFile, IEnumerable<Finding>> Tree(
        Func<IReadOnlyCollection<SourceFile>, IEnumerable<Finding>> rule) => file => rule([file]);

    private static string Method(string body) => $"class C {{ void M() {{\n{body}}} }}";

    private static string Nested(int levels) =>
        Method(string.Concat(Enumerable.Repeat("if (a) {", levels)) + new string('}', levels));

    private static string Repeat(int count, string text) => string.Concat(Enumerable.Repeat(text, count));
}
