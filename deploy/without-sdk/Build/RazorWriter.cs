using System.Text;

namespace Countersign.WithoutSdk;

/// <summary>Writes a component's markup as calls of the framework's render tree builder.</summary>
sealed class RazorWriter(string path, IReadOnlyDictionary<string, Component> components)
{
    readonly StringBuilder _code = new();
    int _sequence;
    int _depth;

    string Builder => _depth == 0 ? "__builder" : "__builder" + _depth;

    public string Write(IReadOnlyList<Node> nodes)
    {
        WriteAll(RazorReader.Trim(nodes));
        return _code.ToString();
    }

    void WriteAll(IEnumerable<Node> nodes)
    {
        foreach (var node in nodes)
        {
            WriteNode(node);
        }
    }

    void WriteNode(Node node)
    {
        switch (node)
        {
            case Literal literal:
                Call("AddMarkupContent", Quote(literal.Text));
                break;
            case Value value:
                Call("AddContent", value.Expression);
                break;
            case Block block:
                foreach (var (head, body) in block.Parts)
                {
                    _code.AppendLine(head).AppendLine("{");
                    WriteAll(body);
                    _code.AppendLine("}");
                }
                break;
            case Element element when char.IsUpper(element.Name[0]):
                WriteComponent(element, components.GetValueOrDefault(element.Name)
                    ?? throw new BuildException($"{path}: there is no component {element.Name}."));
                break;
            case Element element:
                Call("OpenElement", Quote(element.Name));
                foreach (var (name, value) in element.Attributes)
                {
                    Call("AddAttribute", Quote(name), value.Count == 0 ? "true" : Join(value));
                }
                WriteAll(element.Children);
                _code.AppendLine($"{Builder}.CloseElement();");
                break;
        }
    }

    void WriteComponent(Element element, Component component)
    {
        _code.AppendLine($"{Builder}.OpenComponent<{component.Name}>({_sequence++});");
        foreach (var (name, value) in element.Attributes)
        {
            var type = component.Parameters.GetValueOrDefault(name)
                ?? throw new BuildException($"{path}: {component.Name} has no parameter {name}.");
            // A parameter that is not a text is given as C#, with or without the sign.
            var given = type is "string" or "string?" || value is not [Literal literal] ? Join(value) : literal.Text;
            Call("AddComponentParameter", Quote(name), Checked(type, given));
        }
        var named = element.Children.OfType<Element>().Where(child => IsFragment(component, child.Name)).ToArray();
        foreach (var child in named)
        {
            WriteFragment(child.Name, child.Children);
        }
        if (named.Length == 0 && element.Children.Count > 0)
        {
            WriteFragment("ChildContent", element.Children);
        }
        _code.AppendLine($"{Builder}.CloseComponent();");
    }

    static bool IsFragment(Component component, string name) =>
        component.Parameters.GetValueOrDefault(name) is "RenderFragment" or "RenderFragment?";

    void WriteFragment(string name, IReadOnlyList<Node> children)
    {
        var outer = Builder;
        var sequence = _sequence++;
        _depth++;
        _code.AppendLine($"{outer}.AddAttribute({sequence}, {Quote(name)}, (RenderFragment)({Builder} => {{");
        WriteAll(RazorReader.Trim(children));
        _code.AppendLine("}));");
        _depth--;
    }

    static string Join(IReadOnlyList<Node> pieces) => pieces is [Value only]
        ? only.Expression
        : string.Join(" + ", pieces.Select(piece =>
            piece is Value value ? $"({value.Expression})" : Quote(((Literal)piece).Text)));

    static string Checked(string type, string expression) =>
        $"global::Microsoft.AspNetCore.Components.CompilerServices.RuntimeHelpers.TypeCheck<{type}>({expression})";

    void Call(string method, params string[] arguments) =>
        _code.AppendLine($"{Builder}.{method}({string.Join(", ", arguments.Prepend($"{_sequence++}"))});");

    static string Quote(string text) => Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(text, quote: true);
}
