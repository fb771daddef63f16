"""What a navigator would show for a file, by each vendor's own words about its axes.

Independent of tmsguide: plain text and XML are taken apart with the standard library only.
Each function gives {name: (centre RAS mm, unit vector into the head, unit vector away from the
handle)}.
"""

import xml.etree.ElementTree as ET


def brainsight(text):
    """Columns by header; m1 is the axis away from the handle, m2 the axis out of the head."""
    header, shown = None, {}
    for line in text.splitlines():
        if line.startswith("# Target Name"):
            header = line[2:].split("\t")
        elif not line.startswith("#"):
            row = dict(zip(header, line.split("\t"), strict=True))
            centre = [float(row[f"Loc. {a}"]) for a in "XYZ"]
            into = [-float(row[f"m2n{i}"]) for i in range(3)]
            ahead = [float(row[f"m1n{i}"]) for i in range(3)]
            shown[row["Target Name"]] = (centre, into, ahead)
    return shown


def localite(text, marker_tag):
    """x into the head, y towards the handle; LPS has x and y of the world turned round."""
    root = ET.fromstring(text)  # noqa: S314  (our own file)
    sign = {"RAS": (1, 1, 1), "LPS": (-1, -1, 1)}[root.get("coordinateSpace")]
    shown = {}
    for marker in root.iter(marker_tag):
        matrix = marker.find("Matrix4D")
        if matrix is None:
            continue
        column = [[sign[r] * float(matrix.get(f"data{r}{c}")) for r in range(3)] for c in range(4)]
        shown[marker.get("description")] = (column[3], column[0], [-v for v in column[1]])
    return shown


def stored_x(text, marker_tag):
    """The first coordinate as it stands in a Localite file, whatever its space."""
    root = ET.fromstring(text)  # noqa: S314  (our own file)
    return [float(m.find("Matrix4D").get("data03")) for m in root.iter(marker_tag)]
