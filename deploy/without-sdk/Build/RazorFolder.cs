using System.Text.RegularExpressions;

namespace Countersign.WithoutSdk;

/// <summary>A component: its name, its file, what it takes, and its <c>@code</c>.</summary>
sealed record Component(
    string Name, string Path, string Markup, string Code, IReadOnlyDictionary<string, string> Parameters);

/// <summary>
/// A project's Razor components as C#. The Razor compiler comes with the SDK only, so this translates the part of the
/// language that the console is written in and refuses the rest.
/// </summary>
sealed class RazorFolder
{
    const string CodeBegins = "\n@code {";

    static readonly Regex Parameter = new(@"\[Parameter[^\]]*\]\s*public\s+([^\s]+(?:<[^>]*>\??)?)\s+(\w+)\s*\{");

    readonly Project _project;
    readonly Dictionary<string, Component> _components = [];
    readonly List<string> _usings = [];

    public RazorFolder(Project project)
    {
        _project = project;
        foreach (var file in project.Sources(".razor"))
        {
            var text = File.ReadAllText(file);
            var name = Path.GetFileNameWithoutExtension(file);
            if (name == "_Imports")
            {
                _usings.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
                    line.StartsWith("@using ", StringComparison.Ordinal)
                        ? line[1..]
                        : throw new BuildException($"{file}: only @using is understood here, not {line}")));
                continue;
            }
            var code = text.IndexOf(CodeBegins, StringComparison.Ordinal);
            var (markup, members) = code < 0
                ? (text, "")
                : (text[..code], text[(code + CodeBegins.Length)..].TrimEnd().TrimEnd('}'));
            _components[name] = new Component(name, file, markup.Trim(), members, Parameter.Matches(members)
                .ToDictionary(match => match.Groups[2].Value, match => match.Groups[1].Value));
        }
    }

    public IEnumerable<Component> Components => _components.Values;

    /// <summary>The component as a class that draws itself.</summary>
    public string Translate(Component component)
    {
        var folder = Path.GetRelativePath(_project.Folder, Path.GetDirectoryName(component.Path)!).Replace('/', '.');
        var nodes = new RazorReader(component.Path, component.Markup).ReadAll();
        var body = new RazorWriter(component.Path, _components).Write(nodes);
        return $$"""
            #nullable enable
            #pragma warning disable
            {{string.Concat(_usings.Select(line => line.TrimEnd(';') + ";\n"))}}
            namespace {{_project.RootNamespace}}.{{folder}};

            public partial class {{component.Name}} : global::Microsoft.AspNetCore.Components.ComponentBase
            {
                protected override void BuildRenderTree(
                    global::Microsoft.AspNetCore.Components.Rendering.RenderTreeBuilder __builder)
                {
            {{body}}
                }
            {{component.Code}}
            }
            """;
    }
}
