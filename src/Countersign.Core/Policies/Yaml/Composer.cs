using System.Collections.Immutable;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Countersign.Core.Policies.Yaml;

/// <summary>
/// Builds the nodes of one file from parser events. YAML features that hide what a policy says are refused: anchors,
/// aliases, tags, duplicate keys, keys that are no texts, several documents.
/// </summary>
internal sealed class Composer
{
    private readonly SourceText _source;
    private readonly Parser _parser;

    private Composer(SourceText source)
    {
        _source = source;
        _parser = new Parser(new StringReader(source.Text));
    }

    /// <summary>The root of the file's one document, or <c>null</c> when the reason was added to the errors.</summary>
    public static YamlNode? Compose(PolicyText file, PolicyErrors errors)
    {
        var source = new SourceText(file);
        if (!YamlHazards.AreAbsent(source, errors))
        {
            return null;
        }

        var composer = new Composer(source);
        try
        {
            return composer.ComposeStream();
        }
        catch (YamlRefusedException refused)
        {
            errors.Add(refused.At, refused.Message);
        }
        catch (YamlException invalid)
        {
            errors.Add(Position(source, invalid.Start), Explain(invalid.Message));
        }
        catch (Exception fault) when (IsFaultOfTheParser(fault))
        {
            errors.Add(composer.LastPosition, "not valid YAML somewhere after this");
        }

        return null;
    }

    private SourcePosition LastPosition => Position(_source, _parser.Current?.Start ?? Mark.Empty);

    /// <summary>On some broken texts the parser fails over itself instead of saying what is wrong with them.</summary>
    private static bool IsFaultOfTheParser(Exception fault) =>
        fault is InvalidOperationException or ArgumentException or IndexOutOfRangeException or NullReferenceException;

    private static SourcePosition Position(SourceText source, Mark mark) =>
        new(source.File, Math.Max((int)mark.Line, 1), Math.Max((int)mark.Column, 1));

    private static string Explain(string message) =>
        message.Contains("invalid mapping", StringComparison.OrdinalIgnoreCase)
            ? "': ' inside an unquoted text; put the text in quotes or write it as a block after '|'"
            : "not valid YAML: " + message.TrimEnd('.');

    private YamlNode ComposeStream()
    {
        _parser.Consume<StreamStart>();
        if (_parser.TryConsume<StreamEnd>(out _))
        {
            throw Refuse(Mark.Empty, "the file is empty; a policy starts with 'version: 1'");
        }

        _parser.Consume<DocumentStart>();
        var root = Next(depth: 1);
        _parser.Consume<DocumentEnd>();
        if (_parser.Accept<DocumentStart>(out var second))
        {
            throw Refuse(second.Start, "a second document; put it into a file of its own");
        }

        return root;
    }

    private YamlNode Next(int depth)
    {
        var next = _parser.Consume<ParsingEvent>();
        if (depth > PolicyLimits.Nesting)
        {
            throw Refuse(next.Start, $"nested deeper than {PolicyLimits.Nesting} levels");
        }

        RefuseSharing(next);
        return next switch
        {
            Scalar scalar => Text(scalar),
            SequenceStart start => List(start, depth),
            MappingStart start => Mapping(start, depth),
            _ => throw Refuse(next.Start, "not valid YAML: a value is missing"),
        };
    }

    private void RefuseSharing(ParsingEvent next)
    {
        if (next is AnchorAlias)
        {
            throw Refuse(next.Start, "an alias; write the value out, a rule must say what it means where it stands");
        }

        if (next is NodeEvent { Anchor.IsEmpty: false })
        {
            throw Refuse(next.Start, "an anchor; write the value out where it is needed");
        }

        if (next is NodeEvent { Tag.IsEmpty: false })
        {
            throw Refuse(next.Start, "a tag; policies have no types of their own");
        }
    }

    private YamlNode.Scalar Text(Scalar scalar) =>
        new(scalar.Value, scalar.Style == ScalarStyle.Plain, _source, Position(_source, scalar.Start));

    private YamlNode.List List(SequenceStart start, int depth)
    {
        var items = ImmutableArray.CreateBuilder<YamlNode>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Next(depth + 1));
        }

        return new YamlNode.List(items.DrainToImmutable(), Position(_source, start.Start));
    }

    private YamlNode.Mapping Mapping(MappingStart start, int depth)
    {
        var members = ImmutableArray.CreateBuilder<YamlNode.Member>();
        var first = new Dictionary<string, SourcePosition>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var node = Next(depth + 1);
            var key = node as YamlNode.Scalar
                ?? throw new YamlRefusedException(node.At, $"{node.Kind} as a key; keys are texts");
            if (!first.TryAdd(key.Text, key.At))
            {
                throw new YamlRefusedException(
                    key.At, $"the key '{key.Text}' is here twice, first in line {first[key.Text].Line}");
            }

            members.Add(new YamlNode.Member(key, Next(depth + 1)));
        }

        return new YamlNode.Mapping(members.DrainToImmutable(), Position(_source, start.Start));
    }

    private YamlRefusedException Refuse(Mark at, string reason) => new(Position(_source, at), reason);

    private sealed class YamlRefusedException(SourcePosition at, string message) : Exception(message)
    {
        public SourcePosition At { get; } = at;
    }
}
